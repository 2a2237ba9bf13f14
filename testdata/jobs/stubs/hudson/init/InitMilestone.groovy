package hudson.init

enum InitMilestone { COMPLETED }
