folder('ios')
freeStyleJob('ios/build') {
    label('mac')
    steps { shell('xcodebuild -scheme "App" | tee build.log') }
}
