/// What a record's page says beside its form.
extension Texts {
    var previousRecord: String { say("Previous", "Voriger", "Předchozí") }
    var nextRecord: String { say("Next", "Nächster", "Další") }
    var discard: String { say("Discard", "Verwerfen", "Zahodit") }
    var draftIsBack: String {
        say(
            "This is your input from before, which was not saved yet.",
            "Das ist Ihre frühere Eingabe, die noch nicht gespeichert wurde.",
            "Toto je vaše dřívější zadání, které ještě nebylo uloženo.")
    }
    var whichOne: String {
        say("Which value?", "Welcher Wert?", "Která hodnota?")
    }
    var takeMine: String {
        say("Take mine, as above", "Meinen nehmen, wie oben", "Vzít moji, jak je výše")
    }
    var merged: String {
        say(
            "Below is what stands now, with your changes in it. Nothing of both collides; save to "
                + "keep it.",
            "Unten steht, was jetzt gilt, mit Ihren Änderungen darin. Nichts davon widerspricht "
                + "sich; speichern Sie, um es zu behalten.",
            "Níže je to, co nyní platí, s vašimi změnami. Nic si neodporuje; uložte to.")
    }
    var nothingFound: String {
        say("Nothing found.", "Nichts gefunden.", "Nic nenalezeno.")
    }
    var findNumber: String {
        say("Find the number", "Nummer suchen", "Najít číslo")
    }
    var uploadFailed: String {
        say(
            "The file was not taken. Try again, or load the page anew.",
            "Die Datei wurde nicht angenommen. Versuchen Sie es erneut oder laden Sie die Seite "
                + "neu.",
            "Soubor nebyl přijat. Zkuste to znovu nebo načtěte stránku.")
    }
    var isDeleted: String {
        say("This record is deleted.", "Dieser Datensatz ist gelöscht.", "Tento záznam je smazán.")
    }
    var putBack: String { say("Put it back", "Zurückholen", "Vrátit zpět") }
    var yourTasks: String { say("Your tasks here", "Ihre Aufgaben hier", "Vaše úkoly zde") }
    var dueBy: String { say("due", "fällig", "termín") }

    func restoreVersion(_ number: Int64) -> String {
        say(
            "Put version \(number) back", "Version \(number) zurückholen",
            "Vrátit verzi \(number)")
    }
    func changeThis(_ column: String) -> String {
        say("Change \(column)", "\(column) ändern", "Změnit: \(column)")
    }
}
