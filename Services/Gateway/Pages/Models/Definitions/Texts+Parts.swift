/// What the kinds of definitions are called, what each is for, and the words that they use.
extension Texts {
    private func part(_ part: ModelPart) -> (one: String, many: String, about: String) {
        switch part {
        case .classes:
            (
                say("Class", "Klasse", "Třída"), say("Classes", "Klassen", "Třídy"),
                say(
                    "What you keep records of.", "Wovon Sie Datensätze führen.",
                    "O čem vedete záznamy.")
            )
        case .rules:
            (
                say("Rule", "Regel", "Pravidlo"), say("Rules", "Regeln", "Pravidla"),
                say(
                    "What happens by itself when a record is created, changed or deleted.",
                    "Was von selbst geschieht, wenn ein Datensatz entsteht, sich ändert oder geht.",
                    "Co se stane samo, když záznam vznikne, změní se nebo zmizí.")
            )
        case .workflows:
            (
                say("Workflow", "Workflow", "Pracovní postup"),
                say("Workflows", "Workflows", "Pracovní postupy"),
                say(
                    "Steps over days: tasks, mails, waits.",
                    "Schritte über Tage: Aufgaben, E-Mails, Warten.",
                    "Kroky v řádu dní: úkoly, e-maily, čekání.")
            )
        case .scripts:
            (
                say("Script", "Skript", "Skript"), say("Scripts", "Skripte", "Skripty"),
                say(
                    "JavaScript for what rules alone cannot say.",
                    "JavaScript für das, was Regeln allein nicht sagen.",
                    "JavaScript pro to, co samotná pravidla neřeknou.")
            )
        case .events:
            (
                say("Event", "Ereignis", "Událost"), say("Events", "Ereignisse", "Události"),
                say(
                    "What workflows wait for.", "Worauf Workflows warten.",
                    "Na co pracovní postupy čekají.")
            )
        default: otherPart(part)
        }
    }

    private func otherPart(_ part: ModelPart) -> (one: String, many: String, about: String) {
        switch part {
        case .jobs:
            (
                say("Job", "Job", "Úloha"), say("Jobs", "Jobs", "Úlohy"),
                say("What runs by the clock.", "Was nach der Uhr läuft.", "Co běží podle hodin.")
            )
        case .mailboxes:
            (
                say("Mailbox", "Postfach", "Schránka"),
                say("Mailboxes", "Postfächer", "Schránky"),
                say(
                    "Mails become records of a class.",
                    "E-Mails werden zu Datensätzen einer Klasse.",
                    "Z e-mailů se stávají záznamy třídy.")
            )
        case .notifications:
            (
                say("Notification", "Benachrichtigung", "Oznámení"),
                say("Notifications", "Benachrichtigungen", "Oznámení"),
                say(
                    "Mails that rules and workflows send.",
                    "E-Mails, die Regeln und Workflows senden.",
                    "E-maily, které posílají pravidla a postupy.")
            )
        case .distributionGroups:
            (
                say("Distribution group", "Verteiler", "Distribuční skupina"),
                say("Distribution groups", "Verteiler", "Distribuční skupiny"),
                say(
                    "Several receivers under one name.", "Mehrere Empfänger unter einem Namen.",
                    "Více příjemců pod jedním jménem.")
            )
        case .imports:
            (
                say("Import", "Import", "Import"), say("Imports", "Importe", "Importy"),
                say("Files become records.", "Dateien werden Datensätze.", "Ze souborů záznamy.")
            )
        case .exports:
            (
                say("Export", "Export", "Export"), say("Exports", "Exporte", "Exporty"),
                say("Records become files.", "Datensätze werden Dateien.", "Ze záznamů soubory.")
            )
        case .syncs:
            (
                say("Synchronization", "Abgleich", "Synchronizace"),
                say("Synchronizations", "Abgleiche", "Synchronizace"),
                say(
                    "A class kept the same as a table elsewhere.",
                    "Eine Klasse, die einer Tabelle anderswo gleicht.",
                    "Třída shodná s tabulkou jinde.")
            )
        default:
            (
                say("Query", "Abfrage", "Dotaz"), say("Queries", "Abfragen", "Dotazy"),
                say(
                    "SQL over the classes, with the reader's rights.",
                    "SQL über die Klassen, mit den Rechten des Lesers.",
                    "SQL nad třídami, s právy čtenáře.")
            )
        }
    }

    func modelKind(_ part: ModelPart) -> String { self.part(part).one }
    func modelPart(_ part: ModelPart) -> String { self.part(part).many }
    func modelAbout(_ part: ModelPart) -> String { self.part(part).about }

    /// `New rule`, with the noun's gender.
    func modelNew(_ part: ModelPart) -> String {
        let one = modelKind(part)
        let neuter: Set<ModelPart> = [.scripts, .events, .mailboxes]
        let masculine: Set<ModelPart> = [
            .workflows, .jobs, .distributionGroups, .imports, .exports, .syncs,
        ]
        let german =
            neuter.contains(part)
            ? "Neues" : masculine.contains(part) ? "Neuer" : "Neue"
        let czechNeuter: Set<ModelPart> = [.rules, .notifications]
        let czechMasculine: Set<ModelPart> = [.workflows, .scripts, .imports, .exports, .queries]
        let czech =
            czechNeuter.contains(part)
            ? "Nové" : czechMasculine.contains(part) ? "Nový" : "Nová"
        return say(
            "New \(one.lowercased())", "\(german) \(one)", "\(czech) \(one.lowercased())")
    }

    /// What a plan calls a kind of thing.
    func modelPlanKind(_ kind: String) -> String {
        if let part = ModelPart.allCases.first(where: { $0.kind == kind }) {
            return modelKind(part)
        }
        return switch kind {
        case "model": say("Model", "Modell", "Model")
        case "role": say("Role", "Rolle", "Role")
        case "column": say("Column", "Spalte", "Sloupec")
        case "grant": say("Grant", "Recht", "Oprávnění")
        case "index": say("Index", "Index", "Index")
        case "unique set": say("Unique set", "Eindeutigkeit", "Jedinečnost")
        case "API view", "view": say("API view", "API-Sicht", "Pohled API")
        default: kind
        }
    }

    /// When a rule is looked at.
    func modelMoment(_ word: String) -> String {
        switch word {
        case "opening":
            say("when a form opens", "beim Öffnen eines Formulars", "při otevření formuláře")
        case "inserting": say("before it is created", "vor dem Anlegen", "před vytvořením")
        case "changing": say("before it is changed", "vor dem Ändern", "před změnou")
        case "deleting": say("before it is deleted", "vor dem Löschen", "před smazáním")
        case "inserted": say("after it was created", "nach dem Anlegen", "po vytvoření")
        case "changed": say("after it was changed", "nach dem Ändern", "po změně")
        case "deleted": say("after it was deleted", "nach dem Löschen", "po smazání")
        default: word
        }
    }

    func modelAction(_ kind: String) -> String {
        switch kind {
        case "set": say("Set a column", "Spalte setzen", "Nastavit sloupec")
        case "script": say("Run a script", "Skript ausführen", "Spustit skript")
        case "workflow":
            say("Start a workflow", "Workflow starten", "Spustit pracovní postup")
        case "event": say("Raise an event", "Ereignis auslösen", "Vyvolat událost")
        case "import": say("Begin an import", "Import beginnen", "Začít import")
        case "export": say("Begin an export", "Export beginnen", "Začít export")
        case "sync": say("Begin a synchronization", "Abgleich beginnen", "Začít synchronizaci")
        case "command": say("Start a program", "Programm starten", "Spustit program")
        case "json": say("Other, as JSON", "Anderes, als JSON", "Jiné, jako JSON")
        default: kind
        }
    }

    var modelActionHeads: [String] {
        [
            say("Does", "Tut", "Co"),
            say("Column or code", "Spalte oder Kürzel", "Sloupec nebo kód"),
            say("Value", "Wert", "Hodnota"),
        ]
    }

    func modelPairHeads(_ name: String) -> [String] {
        let column = say("Column", "Spalte", "Sloupec")
        switch name {
        case "map": return [column, say("From the mail", "Aus der E-Mail", "Z e-mailu")]
        case "set": return [column, say("Value", "Wert", "Hodnota")]
        case "outcomes": return [modelStepRow.name, modelStepRow.step]
        case "values", "payload", "headers": return modelNamedValue
        default: return [column, say("Theirs", "Dort", "Tam")]
        }
    }

    /// A word of a definition that one chooses from.
    func modelWord(_ word: String) -> String {
        switch word {
        case "text": say("text", "Text", "text")
        case "lines": say("long text", "langer Text", "dlouhý text")
        case "integer": say("whole number", "ganze Zahl", "celé číslo")
        case "decimal": say("decimal number", "Dezimalzahl", "desetinné číslo")
        case "boolean": say("yes or no", "ja oder nein", "ano nebo ne")
        case "date": say("date", "Datum", "datum")
        case "datetime": say("date and time", "Datum und Zeit", "datum a čas")
        case "choice": say("choice", "Auswahl", "volba")
        case "reference": say("reference", "Verweis", "odkaz")
        case "account": say("account", "Konto", "účet")
        case "unit": say("unit", "Einheit", "jednotka")
        case "file": say("file", "Datei", "soubor")
        case "files": say("files", "Dateien", "soubory")
        case "json": "JSON"
        case "guid": "GUID"
        case "sequence": say("sequence", "Nummernkreis", "číselná řada")
        case "computed": say("computed", "berechnet", "vypočtené")
        case "opening", "inserting", "changing", "deleting", "inserted", "changed", "deleted":
            modelMoment(word)
        default: modelRightWord(word)
        }
    }

    /// Which rows a grant is about.
    func modelScope(_ word: String) -> String {
        switch word {
        case "all": say("all", "alle", "všechny")
        case "own": say("own", "eigene", "vlastní")
        case "unit": say("own unit", "eigene Einheit", "vlastní jednotka")
        case "subtree":
            say("unit and below", "Einheit und darunter", "jednotka a nižší")
        default: word
        }
    }

    private func modelRightWord(_ word: String) -> String {
        switch word {
        case "read": say("read", "lesen", "číst")
        case "insert": say("create", "anlegen", "vytvářet")
        case "change": say("change", "ändern", "měnit")
        case "delete": say("delete", "löschen", "mazat")
        case "import": say("import", "importieren", "importovat")
        case "export": say("export", "exportieren", "exportovat")
        case "changeMany": say("change many", "viele ändern", "měnit více")
        case "deleteMany": say("delete many", "viele löschen", "mazat více")
        case "logical": say("can come back", "kann zurückkommen", "lze vrátit")
        case "physical": say("for good", "endgültig", "nenávratně")
        case "folder": say("folder", "Ordner", "složka")
        case "imap": "IMAP"
        case "ews": "Exchange (EWS)"
        case "sqlite": "SQLite"
        case "postgresql": "PostgreSQL"
        case "odbc": "ODBC"
        case "geartrain": "Geartrain"
        case "pull": say("from there", "von dort", "odtamtud")
        case "push": say("to there", "dorthin", "tam")
        case "both": say("both ways", "beide Wege", "oběma směry")
        case "update": say("update", "ändern", "aktualizovat")
        case "upsert": say("create or update", "anlegen oder ändern", "vytvořit nebo změnit")
        default: word
        }
    }
}
