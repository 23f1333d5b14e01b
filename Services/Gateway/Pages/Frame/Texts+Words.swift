import JSON
import ServiceRuntime

/// The words of states and kinds, and times.
extension Texts {
    /// A time as people write it, in UTC, with the exact one behind it.
    func moment(_ text: String) -> HTML {
        guard let time = Timestamp(text) else { return HTML(text) }
        return tag(.time, .datetime(time.text), .title(time.text + " UTC")) {
            "\(day(time.text)) \(time.text.dropFirst(11).prefix(5))"
        }
    }

    /// A state or a kind as people say it; a word that is not known stays as it is.
    func word(_ word: String) -> String {
        switch word {
        case "open": say("open", "offen", "otevřený")
        case "running": say("running", "läuft", "běží")
        case "waiting": say("waiting", "wartet", "čeká")
        case "paused": say("paused", "angehalten", "pozastaveno")
        case "finished": say("finished", "beendet", "dokončeno")
        case "cancelled": say("cancelled", "abgebrochen", "zrušeno")
        case "failed": say("failed", "gescheitert", "selhalo")
        case "done": say("done", "erledigt", "hotovo")
        case "skipped": say("skipped", "übergangen", "přeskočeno")
        case "queued": say("queued", "eingereiht", "ve frontě")
        case "sending": say("sending", "wird gesendet", "odesílá se")
        case "sent": say("sent", "gesendet", "odesláno")
        case "proved": say("proved", "bewiesen", "doloženo")
        case "deferred": say("deferred", "verschoben", "odloženo")
        case "held": say("held", "zurückgehalten", "zadrženo")
        case "uncertain": say("uncertain", "ungewiss", "nejisté")
        case "undelivered": say("undelivered", "nicht zugestellt", "nedoručeno")
        case "quarantined": say("quarantined", "in Quarantäne", "v karanténě")
        case "staged": say("staged", "aufgenommen", "přijato")
        case "idle": say("idle", "ruht", "nečinná")
        case "reading": say("reading", "liest", "čte")
        case "failing": say("failing", "gestört", "selhává")
        case "stopped": say("stopped", "gestoppt", "zastaveno")
        case "planned": say("planned", "geplant", "naplánováno")
        case "succeeded": say("succeeded", "gelungen", "úspěšné")
        case "missed": say("missed", "versäumt", "zmeškáno")
        case "resolved": say("resolved", "gelöst", "vyřešeno")
        case "ready": say("ready", "bereit", "připraveno")
        case "away": say("away", "antwortet nicht", "neodpovídá")
        case "enabled": say("active", "aktiv", "aktivní")
        case "disabled": say("switched off", "abgeschaltet", "vypnutý")
        case "locked": say("locked", "gesperrt", "zablokovaný")
        case "person": say("person", "Person", "osoba")
        case "service": say("service", "Dienst", "služba")
        case "step": say("step", "Schritt", "krok")
        case "rule": say("rule", "Regel", "pravidlo")
        case "action": say("action", "Aktion", "akce")
        case "loop": say("loop", "Schleife", "smyčka")
        case "job": say("job", "Job", "úloha")
        case "reminder": say("reminder", "Erinnerung", "připomínka")
        case "dead-letter": say("dead letter", "unzustellbar intern", "nedoručitelné interně")
        case "import": say("import", "Import", "import")
        case "export": say("export", "Export", "export")
        case "sync": say("synchronization", "Abgleich", "synchronizace")
        case "mail": say("mail", "E-Mail", "pošta")
        case "unit": say("units", "Einheiten", "jednotky")
        case "team": say("teams", "Teams", "týmy")
        case "manager": say("managers", "Vorgesetzte", "nadřízení")
        default: word
        }
    }
}

extension Texts {
    /// A text for people as the API shows it: one, or by language.
    func pick(_ value: JSONValue?, else code: String) -> String {
        if let text = value?.string { return text }
        guard let members = value?.object?.members else { return code }
        let texts = Dictionary(
            members.compactMap { member in member.value.string.map { (member.key, $0) } },
            uniquingKeysWith: { first, _ in first })
        return pick(texts, else: code)
    }
}
