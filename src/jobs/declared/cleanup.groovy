// Deletes items that earlier versions of this list declared. Items that nobody declared, and those
// that were renamed or moved since, carry no mark of their present name and stay.
import hudson.init.InitMilestone
import hudson.model.TopLevelItem
import jenkins.model.Jenkins

def declared = new TreeSet<String>(String.CASE_INSENSITIVE_ORDER)
// NAMES

def jenkins = Jenkins.get()
// While Jenkins starts it has not loaded its items yet.
if (jenkins.initLevel == InitMilestone.COMPLETED) {
    def marker = { item -> new File(item.rootDir, 'declared-by-jenkins-cmp') }
    def folder = 'com.cloudbees.hudson.plugins.folder.Folder'
    def items = jenkins.getAllItems(TopLevelItem).toSorted { -it.fullName.length() }
    items.each { item ->
        def mark = marker(item)
        if (declared.contains(item.fullName)) {
            mark.setText(item.fullName, 'UTF-8')
        } else if (mark.exists() && mark.getText('UTF-8') == item.fullName) {
            if (item.class.name == folder && !item.items.isEmpty()) {
                println("kept ${item.fullName}, which is not empty")
            } else {
                println("deleting ${item.fullName}, which is no longer declared")
                item.delete()
            }
        }
    }
}
