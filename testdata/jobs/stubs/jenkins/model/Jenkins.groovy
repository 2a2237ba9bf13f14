package jenkins.model

class Jenkins {}
