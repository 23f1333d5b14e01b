/// What the pages of models say.
extension Texts {
    var modelNone: String {
        say(
            "No models yet. A model is an application: its classes, rules, mailboxes and more.",
            "Noch keine Modelle. Ein Modell ist eine Anwendung: ihre Klassen, Regeln, Postfächer "
                + "und mehr.",
            "Zatím žádné modely. Model je aplikace: její třídy, pravidla, schránky a další.")
    }
    var modelNewModel: String { say("New model", "Neues Modell", "Nový model") }
    var modelNewModelHint: String {
        say(
            "Give it a name; its first class comes next.",
            "Geben Sie ihm einen Namen; als Nächstes kommt die erste Klasse.",
            "Pojmenujte jej; dále přijde jeho první třída.")
    }
    var modelNewModelExample: String { say("Orders", "Bestellungen", "Objednávky") }
    var modelNameNeeded: String {
        say(
            "A name with at least one letter.", "Ein Name mit mindestens einem Buchstaben.",
            "Název alespoň s jedním písmenem.")
    }
    var modelCodeNeeded: String {
        say(
            "A code is needed: a lower-case letter, then letters, digits and _.",
            "Ein Kürzel ist erforderlich: ein Kleinbuchstabe, dann Buchstaben, Ziffern und _.",
            "Je potřeba kód: malé písmeno, pak písmena, číslice a _.")
    }
    func modelTaken(_ code: String) -> String {
        say(
            "“\(code)” is there already; take another name or code.",
            "„\(code)“ gibt es schon; wählen Sie einen anderen Namen oder ein anderes Kürzel.",
            "„\(code)“ už existuje; zvolte jiný název nebo kód.")
    }
    var modelUpload: String { say("Upload a document", "Dokument hochladen", "Nahrát dokument") }
    var modelUploadHint: String {
        say(
            "A model as a JSON file. You see its plan before anything is changed.",
            "Ein Modell als JSON-Datei. Sie sehen den Plan, bevor sich etwas ändert.",
            "Model jako soubor JSON. Než se cokoli změní, uvidíte plán.")
    }
    var modelFile: String { say("File", "Datei", "Soubor") }
    var modelDocument: String { say("Document", "Dokument", "Dokument") }
    var modelDocumentHint: String {
        say(
            "The whole model as one JSON document, as it moves from test to production.",
            "Das ganze Modell als ein JSON-Dokument, wie es vom Test in den Betrieb geht.",
            "Celý model jako jeden dokument JSON, jak putuje z testu do provozu.")
    }
    var modelEditDocument: String {
        say("Edit as text", "Als Text bearbeiten", "Upravit jako text")
    }
    var modelSettings: String { say("Name and roles", "Name und Rollen", "Název a role") }
    var modelDiagram: String { say("Classes", "Klassen", "Třídy") }
    var modelAddMore: String { say("Add to it", "Hinzufügen", "Přidat") }
    var modelNext: String { say("What comes next", "Wie es weitergeht", "Co dál") }
    var modelFirstRecord: String { say("New record", "Neuer Datensatz", "Nový záznam") }
    var modelOpenList: String { say("Open the list", "Liste öffnen", "Otevřít seznam") }
    var modelDrawing: String { say("Drawing", "Zeichnung", "Nákres") }
    var modelMore: String { say("More", "Mehr", "Více") }
    var modelRest: String {
        say("Further members", "Weitere Angaben", "Další údaje")
    }
    var modelOtherLanguages: String {
        say("Other languages", "Andere Sprachen", "Další jazyky")
    }
    var modelContinue: String {
        say("Continue to the plan", "Weiter zum Plan", "Pokračovat k plánu")
    }
    var modelMoreRows: String { say("More rows", "Mehr Zeilen", "Více řádků") }
    var modelRemove: String { say("Remove", "Entfernen", "Odebrat") }

    var modelCodeHint: String {
        say(
            "Left empty, it is made of the name.", "Leer entsteht es aus dem Namen.",
            "Prázdný vznikne z názvu.")
    }

    // MARK: Plans

    var modelPlan: String { say("What this changes", "Was das ändert", "Co se změní") }
    var modelPlanLead: String {
        say(
            "Nothing is changed yet. Apply does exactly this.",
            "Noch ist nichts geändert. „Anwenden“ tut genau das.",
            "Zatím se nic nezměnilo. „Použít“ provede přesně toto.")
    }
    var modelNoChange: String {
        say("Nothing would change.", "Nichts würde sich ändern.", "Nic by se nezměnilo.")
    }
    var modelMoved: String {
        say(
            "Somebody changed the model meanwhile. This is the plan anew, over what stands now.",
            "Jemand hat das Modell inzwischen geändert. Dies ist der neue Plan über dem jetzigen "
                + "Stand.",
            "Někdo model mezitím změnil. Toto je nový plán nad nynějším stavem.")
    }
    var modelDefinitionMoved: String {
        say(
            "Somebody changed this definition while you did. Applying puts your input over theirs.",
            "Jemand hat diese Definition zur selben Zeit geändert. Anwenden setzt Ihre Eingabe "
                + "darüber.",
            "Někdo tuto definici změnil ve stejnou dobu. Použití přepíše jeho změny vašimi.")
    }
    var modelWhat: String { say("Change", "Änderung", "Změna") }
    var modelLosesData: String { say("loses data", "verliert Daten", "ztráta dat") }
    var modelAllow: String {
        say(
            "Yes, remove this data for good.", "Ja, diese Daten endgültig entfernen.",
            "Ano, tato data nenávratně odstranit.")
    }
    var modelBackToForm: String {
        say("Back to the form", "Zurück zum Formular", "Zpět k formuláři")
    }
    func modelOperation(_ word: String) -> String {
        switch word {
        case "create": say("adds", "fügt hinzu", "přidá")
        case "change": say("changes", "ändert", "změní")
        case "convert": say("converts", "wandelt um", "převede")
        case "drop": say("removes", "entfernt", "odebere")
        default: word
        }
    }

    // MARK: Classes

    var modelColumns: String { say("Columns", "Spalten", "Sloupce") }
    var modelNewColumns: String { say("New columns", "Neue Spalten", "Nové sloupce") }
    var modelColumnsHint: String {
        say(
            "Open one to change it. Columns stand by their place.",
            "Öffnen Sie eine, um sie zu ändern. Spalten stehen nach ihrem Platz.",
            "Otevřením sloupec změníte. Sloupce jsou řazeny podle místa.")
    }
    var modelNeeded: String { say("Needed", "Pflicht", "Povinné") }
    var modelNewMore: String {
        say(
            "Choices, class or formula", "Auswahl, Klasse oder Formel",
            "Volby, třída nebo vzorec")
    }
    var modelColumnExamples: [String] {
        [
            say("Subject", "Betreff", "Předmět"), say("Text", "Text", "Text"),
            say("Sender", "Absender", "Odesílatel"),
        ]
    }
    var modelPlace: String { say("Place", "Platz", "Místo") }
    var modelRemoveColumn: String {
        say("Remove this column", "Diese Spalte entfernen", "Odebrat tento sloupec")
    }
    var modelGrants: String { say("Grants", "Rechte", "Oprávnění") }
    var modelGrantsHint: String {
        say(
            "What each role may do. A role that does not exist is made, with you as its first "
                + "member.",
            "Was jede Rolle darf. Eine Rolle, die es nicht gibt, wird angelegt, mit Ihnen als "
                + "erstem Mitglied.",
            "Co která role smí. Role, která neexistuje, se vytvoří a vy budete jejím prvním členem."
        )
    }
    var modelRows: String { say("Records", "Datensätze", "Záznamy") }
    var modelRowsColumn: String { say("By column", "Nach Spalte", "Podle sloupce") }
    var modelOnlyColumns: String {
        say("Only these columns", "Nur diese Spalten", "Jen tyto sloupce")
    }
    func modelColumnCount(_ count: Int64) -> String {
        say(
            count, ("column", "columns"), ("Spalte", "Spalten"),
            ("sloupec", "sloupce", "sloupců"))
    }
    func modelStepCount(_ count: Int64) -> String {
        say(count, ("step", "steps"), ("Schritt", "Schritte"), ("krok", "kroky", "kroků"))
    }

    // MARK: Trying out

    var modelTry: String { say("Try it", "Ausprobieren", "Vyzkoušet") }
    var modelResult: String { say("Result", "Ergebnis", "Výsledek") }
    var modelBefore: String { say("Record before", "Datensatz vorher", "Záznam předtím") }
    var modelAfter: String { say("Record after", "Datensatz nachher", "Záznam potom") }
    var modelLanguage: String { say("Language", "Sprache", "Jazyk") }
    var modelNoRules: String {
        say("No rules at this moment.", "Keine Regeln in diesem Moment.", "V této chvíli žádná.")
    }
    var modelRecordThen: String {
        say("The record then:", "Der Datensatz danach:", "Záznam poté:")
    }
    var modelFires: String { say("fires", "greift", "platí") }
    var modelFiresNot: String { say("does not fire", "greift nicht", "neplatí") }
    func modelLine(_ number: Int64) -> String {
        say("Line \(number)", "Zeile \(number)", "Řádek \(number)")
    }
    func modelTryOperation(_ word: String) -> String {
        switch word {
        case "open": say("a form opens", "ein Formular öffnet sich", "otevře se formulář")
        case "insert": say("it is created", "er wird angelegt", "vytvoří se")
        case "change": say("it is changed", "er wird geändert", "změní se")
        default: say("it is deleted", "er wird gelöscht", "smaže se")
        }
    }
    var modelShowHTML: String { say("Show the HTML", "HTML anzeigen", "Zobrazit HTML") }
    func modelTryHint(_ part: ModelPart) -> String {
        switch part {
        case .rules:
            say(
                "Which rules of the class would fire, this one as it is typed. Nothing is written.",
                "Welche Regeln der Klasse greifen würden, diese wie sie dasteht. Nichts wird "
                    + "geschrieben.",
                "Která pravidla třídy by platila, toto tak, jak je napsáno. Nic se nezapíše.")
        case .scripts:
            say(
                "Runs the source above as it is typed. What it would do is shown, not done.",
                "Führt die Quelle oben aus, wie sie dasteht. Was sie täte, wird gezeigt, nicht "
                    + "getan.",
                "Spustí zdroj výše, jak je napsán. Co by udělal, se ukáže, neprovede.")
        case .notifications:
            say(
                "The mail as it would be, as it is typed. Nothing is sent.",
                "Die E-Mail, wie sie wäre, so wie sie dasteht. Nichts wird gesendet.",
                "E-mail, jak by vypadal, tak jak je napsán. Nic se neodešle.")
        case .imports:
            say(
                "Shows what a file would add and change. Nothing is written before you say so.",
                "Zeigt, was eine Datei anlegen und ändern würde. Erst auf Ihr Wort wird "
                    + "geschrieben.",
                "Ukáže, co by soubor přidal a změnil. Bez vašeho pokynu se nic nezapíše.")
        case .syncs:
            say(
                "A run compares both sides range by range and says whether they are the same.",
                "Ein Lauf vergleicht beide Seiten Stück für Stück und sagt, ob sie gleich sind.",
                "Běh porovná obě strany po částech a řekne, zda jsou stejné.")
        default: ""
        }
    }

    // MARK: What stands behind

    var modelRuns: String { say("Runs", "Läufe", "Běhy") }
    var modelNoRuns: String { say("No runs yet.", "Noch keine Läufe.", "Zatím žádné běhy.") }
    var modelRunNow: String { say("Run now", "Jetzt starten", "Spustit nyní") }
    var modelReadNow: String { say("Read now", "Jetzt lesen", "Načíst nyní") }
    var modelVerified: String { say("verified", "geprüft", "ověřeno") }
    var modelNotVerified: String { say("not verified", "nicht geprüft", "neověřeno") }
    var modelMailboxNow: String { say("The mailbox now", "Das Postfach jetzt", "Schránka nyní") }
    var modelLastRead: String { say("Last read", "Zuletzt gelesen", "Naposledy načteno") }
    var modelProblem: String { say("Problem", "Problem", "Problém") }
    var modelNoMail: String { say("No mail yet.", "Noch keine E-Mail.", "Zatím žádná pošta.") }
    var modelLedger: String { say("The last ones", "Die letzten", "Poslední") }
    var modelImportTry: String {
        say("Preview a file", "Datei in der Vorschau", "Náhled souboru")
    }
    var modelPlanFile: String { say("Show the plan", "Plan zeigen", "Ukázat plán") }
    var modelSample: String {
        say("Begin with a file", "Mit einer Datei beginnen", "Začít souborem")
    }
    var modelSampleHint: String {
        say(
            "Its columns are proposed below; one without a place is left out. Nothing is imported.",
            "Ihre Spalten werden unten vorgeschlagen; eine ohne Platz bleibt weg. Nichts wird "
                + "importiert.",
            "Jeho sloupce se navrhnou níže; sloupec bez místa se vynechá. Nic se neimportuje.")
    }
    var modelPropose: String {
        say("Propose the columns", "Spalten vorschlagen", "Navrhnout sloupce")
    }
    var modelSecrets: String { say("Secrets", "Geheimnisse", "Tajné údaje") }
    var modelSecretsLead: String {
        say(
            "Passwords and keys that definitions name as secret:name. A value is never shown.",
            "Kennwörter und Schlüssel, die Definitionen als secret:name nennen. Ein Wert wird nie "
                + "gezeigt.",
            "Hesla a klíče, které definice uvádějí jako secret:name. Hodnota se nikdy nezobrazí.")
    }
    var modelPutSecret: String {
        say("Put a secret", "Geheimnis eintragen", "Uložit tajný údaj")
    }
    var modelSecretValue: String { say("Value", "Wert", "Hodnota") }
    func modelActionColumn(_ row: Int) -> String {
        say(
            "Row \(row): which column is set?", "Zeile \(row): Welche Spalte wird gesetzt?",
            "Řádek \(row): který sloupec se nastaví?")
    }
}
