// jenkins 1.2.0 as jenkins in ci
folder('prod') {
    displayName('Jobs of ci.example.com')
}

folder('prod/executor-0')
folder('prod/executor-1')
