pipelineJob('platform/housekeeping') {
    description('Removes workspaces that nobody uses')
    properties {
        pipelineTriggers {
            triggers { cron { spec('H 2 * * *') } }
        }
    }
    definition {
        cps {
            script('''
                node('linux') {
                    sh 'find "$WORKSPACE/.." -maxdepth 1 -mtime +14 -print'
                }
            '''.stripIndent())
            sandbox()
        }
    }
}
