folder('platform') {
    displayName('Platform')
    description('Jobs that every controller has')
}
