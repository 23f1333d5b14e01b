/// What lists, records and their forms say.
extension Texts {
    var classes: String { say("What you work with", "Womit Sie arbeiten", "S čím pracujete") }
    var noClasses: String {
        say(
            "No class is open to you yet. Classes come with models, and a role must grant them to "
                + "you.",
            "Noch ist Ihnen keine Klasse zugänglich. Klassen kommen mit Modellen, und eine Rolle "
                + "muss sie Ihnen öffnen.",
            "Zatím nemáte přístup k žádné třídě. Třídy přicházejí s modely a musí vám je "
                + "zpřístupnit role.")
    }
    var filter: String { say("Filter", "Filter", "Filtr") }
    var filterHint: String {
        say(
            "For example: status eq 'new' and contains(subject,'printer')",
            "Zum Beispiel: status eq 'new' and contains(subject,'Drucker')",
            "Například: status eq 'new' and contains(subject,'tiskárna')")
    }
    var newRecord: String { say("New", "Neu", "Nový záznam") }
    var noRecords: String {
        say("Nothing here yet.", "Noch ist hier nichts.", "Zatím tu nic není.")
    }
    var noMatches: String {
        say("Nothing matches the filter.", "Nichts passt zum Filter.", "Filtru nic neodpovídá.")
    }
    var record: String { say("Record", "Datensatz", "Záznam") }
    var deleteQuestion: String {
        say("Delete this record?", "Diesen Datensatz löschen?", "Smazat tento záznam?")
    }
    var deleteLead: String {
        say(
            "It leaves every list. The history keeps that you did it.",
            "Er verschwindet aus jeder Liste. Der Verlauf hält fest, dass Sie es waren.",
            "Zmizí ze všech seznamů. Historie uchová, že jste to byli vy.")
    }
    var history: String { say("History", "Verlauf", "Historie") }
    var noHistory: String {
        say(
            "Nothing has changed since it was created.",
            "Seit dem Anlegen hat sich nichts geändert.", "Od vytvoření se nic nezměnilo.")
    }
    var noFiles: String { say("No files yet.", "Noch keine Dateien.", "Zatím žádné soubory.") }
    var addFile: String { say("Add a file", "Datei hinzufügen", "Přidat soubor") }
    var removeFile: String { say("Remove", "Entfernen", "Odebrat") }
    var stale: String {
        say(
            "Somebody changed this record while you did.",
            "Jemand hat diesen Datensatz zur selben Zeit geändert.",
            "Někdo tento záznam změnil ve stejnou dobu.")
    }
    var staleLead: String {
        say(
            "Your input is kept below. Where both of you changed a value, say which one to take; "
                + "then save again.",
            "Ihre Eingabe steht unten. Wo beide einen Wert geändert haben, sagen Sie, welcher "
                + "gelten soll; dann speichern Sie erneut.",
            "Vaše zadání je níže. Kde jste hodnotu změnili oba, řekněte, která má platit; pak "
                + "uložte znovu.")
    }
    var standsNow: String { say("Stands now:", "Steht jetzt:", "Nyní platí:") }
    var needed: String {
        say("A value is needed.", "Ein Wert ist erforderlich.", "Hodnota je povinná.")
    }
    var notWhole: String {
        say("A whole number, such as 42.", "Eine ganze Zahl, etwa 42.", "Celé číslo, například 42.")
    }
    var notDecimal: String {
        say("A number, such as 2.50.", "Eine Zahl, etwa 2,50.", "Číslo, například 2,50.")
    }
    var notJSON: String {
        say("JSON, such as {\"a\": 1}.", "JSON, etwa {\"a\": 1}.", "JSON, například {\"a\": 1}.")
    }
    var onePerLine: String { say("one per line", "eins je Zeile", "jedna na řádek") }
    var recentRecords: String {
        say("Recently opened", "Zuletzt geöffnet", "Naposledy otevřené")
    }
    var whichRecord: String {
        say(
            "Several are called so. Choose one.", "Mehrere heißen so. Wählen Sie einen.",
            "Tak se jmenuje více záznamů. Vyberte jeden.")
    }
    var notBoolean: String { say("Yes or no.", "Ja oder nein.", "Ano, nebo ne.") }
    var notDate: String {
        say(
            "A date, such as 2026-11-23.", "Ein Datum, etwa 2026-11-23.",
            "Datum, například 2026-11-23.")
    }
    var notDateTime: String {
        say(
            "A date with time, such as 2026-11-23T10:15.",
            "Ein Datum mit Uhrzeit, etwa 2026-11-23T10:15.",
            "Datum s časem, například 2026-11-23T10:15.")
    }
    var notReference: String {
        say(
            "The number of a record, such as 7.", "Die Nummer eines Datensatzes, etwa 7.",
            "Číslo záznamu, například 7.")
    }

    func count(_ count: Int64) -> String {
        say(
            count, ("record", "records"), ("Datensatz", "Datensätze"),
            ("záznam", "záznamy", "záznamů"))
    }
    func new(_ name: String) -> String {
        say("New: \(name)", "Neu: \(name)", "Nový záznam: \(name)")
    }
    func version(_ number: Int64) -> String {
        say("Version \(number)", "Version \(number)", "Verze \(number)")
    }
    func sortBy(_ column: String) -> String {
        say("Sort by \(column)", "Nach \(column) sortieren", "Řadit podle: \(column)")
    }

    /// How a change came about.
    func operation(_ operation: String) -> String {
        switch operation {
        case "insert": say("created", "legte an", "vytvořil(a)")
        case "change": say("changed", "änderte", "změnil(a)")
        case "delete": say("deleted", "löschte", "smazal(a)")
        case "restore": say("restored", "stellte wieder her", "obnovil(a)")
        default: operation
        }
    }

    /// By which way a change came in.
    func door(_ door: String) -> String {
        switch door {
        case "page": say("on the pages", "auf den Seiten", "na stránkách")
        case "api": say("by the API", "über die API", "přes API")
        case "database": say("by SQL", "durch SQL", "přes SQL")
        case "mail": say("by mail", "durch E-Mail", "poštou")
        case "rule": say("by a rule", "durch eine Regel", "pravidlem")
        case "script": say("by a script", "durch ein Skript", "skriptem")
        case "workflow": say("by a workflow", "durch einen Workflow", "pracovním postupem")
        case "job": say("by a job", "durch einen Job", "úlohou")
        case "import": say("by an import", "durch einen Import", "importem")
        case "sync":
            say("by a synchronization", "durch einen Abgleich", "synchronizací")
        default: door
        }
    }
}
