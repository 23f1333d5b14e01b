/// What the operations page and the runs say.
extension Texts {
    var operationsLead: String {
        say(
            "What is stuck, failed or uncertain, and how the platform is.",
            "Was steckt, gescheitert oder ungewiss ist, und wie es der Plattform geht.",
            "Co vázne, selhalo nebo je nejisté, a jak je na tom platforma.")
    }
    var needsAPerson: String {
        say("Needs a person", "Braucht einen Menschen", "Vyžaduje člověka")
    }
    var nothingStuck: String {
        say(
            "Nothing is stuck. Everything that was to be done was done, or is under way.",
            "Nichts steckt fest. Alles, was zu tun war, ist getan oder unterwegs.",
            "Nic nevázne. Vše, co se mělo udělat, je hotovo nebo na cestě.")
    }
    var chosen: String { say("With the chosen ones:", "Mit den gewählten:", "S vybranými:") }
    var choose: String { say("Choose", "Wählen", "Vybrat") }
    var skip1: String { say("Go on without", "Ohne fortfahren", "Pokračovat bez") }
    var giveUp: String { say("Give up", "Aufgeben", "Vzdát") }
    var service: String { say("Service", "Dienst", "Služba") }
    var services: String { say("Services", "Dienste", "Služby") }
    var about: String { say("About", "Worum es geht", "Čeho se týká") }
    var jobs: String { say("Jobs", "Jobs", "Úlohy") }
    var ledger: String {
        say("Planned against ran", "Geplant gegen gelaufen", "Plán proti skutečnosti")
    }
    var schedule: String { say("Schedule", "Zeitplan", "Plán") }
    var nextRun: String { say("Next", "Nächster Lauf", "Příští běh") }
    var lastRun: String { say("Last", "Letzter Lauf", "Poslední běh") }
    var runNow: String { say("Run now", "Jetzt ausführen", "Spustit hned") }
    var runs: String { say("Runs", "Läufe", "Běhy") }
    var badRuns: String {
        say(
            "Runs that failed or are not verified",
            "Läufe, die scheiterten oder nicht geprüft sind",
            "Běhy, které selhaly nebo nejsou ověřené")
    }
    var unverified: String { say("not verified", "nicht geprüft", "neověřeno") }
    var runsLead: String {
        say(
            "Imports, exports and synchronizations; the newest first.",
            "Importe, Exporte und Abgleiche; die neuesten zuerst.",
            "Importy, exporty a synchronizace; nejnovější první.")
    }
    func run(_ id: String) -> String { say("Run \(id)", "Lauf \(id)", "Běh \(id)") }
    var applyPlan: String {
        say("Apply exactly this plan", "Genau diesen Plan ausführen", "Provést přesně tento plán")
    }
    var undo: String { say("Take back", "Zurücknehmen", "Vzít zpět") }
    var plan: String { say("Plan", "Plan", "Plán") }
    var conflicts: String { say("Conflicts", "Konflikte", "Konflikty") }
    var verified: String { say("Verified", "Geprüft", "Ověřeno") }
    var verifiedThrough: String { say("Verified through", "Geprüft bis", "Ověřeno k") }
    var rejectedRows: String { say("Rejected rows", "Abgelehnte Zeilen", "Odmítnuté řádky") }
    var fileOfRun: String { say("The file", "Die Datei", "Soubor") }
    var log: String { say("Log", "Protokoll", "Protokol") }
    var operation: String { say("Operation", "Vorgang", "Operace") }
    var audit: String { say("Audit", "Protokoll der Rechte", "Audit") }
    var rows: String { say("Rows", "Zeilen", "Řádky") }
    var environment: String { say("Environment", "Umgebung", "Prostředí") }
    var killSwitch: String { say("Integrations", "Integrationen", "Integrace") }
    var killSwitchOff: String {
        say(
            "Integrations are switched off: jobs, mailboxes, imports, exports and synchronizations "
                + "stand still, and mail is held.",
            "Integrationen sind abgeschaltet: Jobs, Postfächer, Importe, Exporte und Abgleiche "
                + "stehen still, und E-Mails werden zurückgehalten.",
            "Integrace jsou vypnuté: úlohy, schránky, importy, exporty a synchronizace stojí a "
                + "pošta se zadržuje.")
    }
    var on: String { say("on", "an", "zapnuto") }
    var off: String { say("off", "aus", "vypnuto") }
    var memory: String { say("Memory", "Speicher", "Paměť") }
    var queue: String { say("Queued", "Eingereiht", "Ve frontě") }
    var oldest: String { say("Oldest due", "Älteste Fälligkeit", "Nejstarší čekající") }
    var answersASecond: String { say("Answers/s", "Antworten/s", "Odpovědi/s") }
    var lastHour: String { say("the last hour", "die letzte Stunde", "poslední hodina") }
    func resolvedSome(_ done: Int, _ left: Int) -> String {
        left == 0
            ? say("\(done) done.", "\(done) erledigt.", "Hotovo: \(done).")
            : say(
                "\(done) done, \(left) not:", "\(done) erledigt, \(left) nicht:",
                "Hotovo: \(done), nepodařilo se: \(left):")
    }
    func counter(_ name: String) -> String {
        switch name {
        case "read": say("read", "gelesen", "přečteno")
        case "inserted", "insert": say("new", "neu", "nové")
        case "updated", "change": say("changed", "geändert", "změněné")
        case "unchanged": say("unchanged", "unverändert", "nezměněné")
        case "deleted", "delete": say("deleted", "gelöscht", "smazané")
        case "rejected": say("rejected", "abgelehnt", "odmítnuté")
        default: name
        }
    }
}
