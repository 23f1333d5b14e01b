/// What tasks, workflows and their instances say.
extension Texts {
    var noTasks: String {
        say("Nothing waits for you.", "Nichts wartet auf Sie.", "Nic na vás nečeká.")
    }
    var tasksLead: String {
        say(
            "What waits for you, your roles or your units; the oldest first.",
            "Was auf Sie, Ihre Rollen oder Ihre Einheiten wartet; das Älteste zuerst.",
            "Co čeká na vás, vaše role nebo vaše jednotky; nejstarší první.")
    }
    var due: String { say("Due", "Fällig", "Termín") }
    var overdue: String { say("overdue", "überfällig", "po termínu") }
    var remark: String { say("Remark", "Bemerkung", "Poznámka") }
    var workflow: String { say("Workflow", "Workflow", "Pracovní postup") }
    var instance: String { say("Instance", "Instanz", "Instance") }
    var instances: String { say("Instances", "Instanzen", "Instance") }
    var started: String { say("Started", "Begonnen", "Zahájeno") }
    var ended: String { say("Ended", "Beendet", "Ukončeno") }
    var cause: String { say("Cause", "Ursache", "Příčina") }
    var account: String { say("Account", "Konto", "Účet") }
    var values: String { say("Values", "Werte", "Hodnoty") }
    var steps: String { say("Steps", "Schritte", "Kroky") }
    var step: String { say("Step", "Schritt", "Krok") }
    var entered: String { say("Entered", "Begonnen", "Vstup") }
    var left: String { say("Left", "Verlassen", "Výstup") }
    var attempts: String { say("Attempts", "Versuche", "Pokusy") }
    var problem: String { say("Problem", "Problem", "Problém") }
    var input: String { say("Input", "Eingabe", "Vstup") }
    var output: String { say("Output", "Ergebnis", "Výstup") }
    var definition: String { say("Definition", "Definition", "Definice") }
    var pause: String { say("Pause", "Anhalten", "Pozastavit") }
    var resume: String { say("Resume", "Fortsetzen", "Pokračovat") }
    var retry: String { say("Retry", "Wiederholen", "Opakovat") }
    var parent: String { say("Started by", "Gestartet von", "Spuštěno z") }
    var whereItStands: String {
        say("Where it stands", "Wo sie steht", "Kde se nachází")
    }
    var asDrawn: String { say("As drawn", "Gezeichnet", "Nákres") }
    var instancesLead: String {
        say(
            "Workflows that run or ran, the newest first.",
            "Workflows, die laufen oder liefen; die neuesten zuerst.",
            "Postupy, které běží nebo běžely; nejnovější první.")
    }
}
