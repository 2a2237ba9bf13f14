package hudson.model

interface TopLevelItem {}
