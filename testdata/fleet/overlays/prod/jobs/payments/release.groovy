multibranchPipelineJob('payments/release') {
    branchSources {
        git {
            id('payments-release')
            remote('https://git.example.com/payments/release.git')
            credentialsId('git')
        }
    }
    orphanedItemStrategy {
        discardOldItems { numToKeep(20) }
    }
}
