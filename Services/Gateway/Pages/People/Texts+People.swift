/// What accounts, roles, organization, explanations and the audit say.
extension Texts {
    var accounts: String { say("Accounts", "Konten", "Účty") }
    var roles: String { say("Roles", "Rollen", "Role") }
    var role: String { say("Role", "Rolle", "Role") }
    var organization: String { say("Organization", "Organisation", "Organizace") }
    var whyMay: String { say("Why may…", "Warum darf…", "Proč smí…") }
    var newAccount: String { say("New account", "Neues Konto", "Nový účet") }
    var newRole: String { say("New role", "Neue Rolle", "Nová role") }
    var newStructure: String { say("New structure", "Neue Struktur", "Nová struktura") }
    var email: String { say("E-mail", "E-Mail", "E-mail") }
    var language1: String { say("Language", "Sprache", "Jazyk") }
    var active: String { say("May log in", "Darf sich anmelden", "Smí se přihlásit") }
    var isLocked: String { say("Locked", "Gesperrt", "Zablokován") }
    var mustChange: String {
        say(
            "Must choose a new password at the next log-in",
            "Muss bei der nächsten Anmeldung ein neues Kennwort wählen",
            "Musí si při příštím přihlášení zvolit nové heslo")
    }
    var newPassword1: String { say("New password", "Neues Kennwort", "Nové heslo") }
    var permissions: String { say("Permissions", "Befugnisse", "Oprávnění") }
    var members: String { say("Members", "Mitglieder", "Členové") }
    var membersHint: String {
        say("accounts, one per line", "Konten, eins je Zeile", "účty, jeden na řádek")
    }
    var isOn: String { say("Switched on", "Eingeschaltet", "Zapnuto") }
    var units: String { say("Units", "Einheiten", "Jednotky") }
    var outlineHint: String {
        say(
            "One unit per line, indented below its parent: code, name, then a colon and its "
                + "members. Days of validity stand in brackets: [2026-01-01..2026-12-31].",
            "Eine Einheit je Zeile, eingerückt unter der übergeordneten: Kürzel, Name, dann ein "
                + "Doppelpunkt und die Mitglieder. Gültigkeit in Klammern: "
                + "[2026-01-01..2026-12-31].",
            "Jedna jednotka na řádek, odsazená pod nadřazenou: kód, název, pak dvojtečka a "
                + "členové. Platnost v závorkách: [2026-01-01..2026-12-31].")
    }
    var outlineManagerHint: String {
        say(
            "One account per line, indented below its manager.",
            "Ein Konto je Zeile, eingerückt unter der Führungskraft.",
            "Jeden účet na řádek, odsazený pod nadřízeným.")
    }
    var explainLead: String {
        say(
            "Why somebody may do something, or may not: every reason, in order.",
            "Warum jemand etwas darf oder nicht: jeder Grund, der Reihe nach.",
            "Proč někdo něco smí, nebo nesmí: každý důvod popořadě.")
    }
    var whoMay: String {
        say("empty: everybody who may", "leer: alle, die dürfen", "prázdné: všichni, kdo smí")
    }
    var class1: String { say("Class", "Klasse", "Třída") }
    var allowed: String { say("Allowed", "Erlaubt", "Povoleno") }
    var notAllowed: String { say("Not allowed", "Nicht erlaubt", "Nepovoleno") }
    var explain: String { say("Explain", "Erklären", "Vysvětlit") }
    var nobodyMay: String { say("Nobody may.", "Niemand darf.", "Nesmí nikdo.") }
    var sessions: String { say("Sessions", "Sitzungen", "Relace") }
    var thisSession: String { say("this one", "diese", "tato") }
    var endSession: String { say("End", "Beenden", "Ukončit") }
    var endSessions: String {
        say("End all sessions", "Alle Sitzungen beenden", "Ukončit všechny relace")
    }
    var lastUsed: String { say("Last used", "Zuletzt benutzt", "Naposledy použito") }
    var expires: String { say("Until", "Bis", "Do") }
    var browser: String { say("Browser", "Browser", "Prohlížeč") }
    var address: String { say("Address", "Adresse", "Adresa") }
    var tokens: String { say("API tokens", "API-Tokens", "Tokeny API") }
    var newToken: String { say("Create a token", "Token anlegen", "Vytvořit token") }
    var tokenOnce: String {
        say(
            "This is the token. It is shown this once; copy it now.",
            "Das ist der Token. Er wird nur dieses eine Mal gezeigt; kopieren Sie ihn jetzt.",
            "Toto je token. Zobrazí se jen jednou; zkopírujte si jej nyní.")
    }
    var scopes: String { say("Scopes", "Bereiche", "Rozsahy") }
    var mayWrite: String { say("may also write", "darf auch schreiben", "smí i zapisovat") }
    var changePassword1: String { say("Change password", "Kennwort ändern", "Změnit heslo") }
    var positions: String { say("Positions", "Positionen", "Pozice") }
    var subjectOf: String { say("Whom or what", "Wen oder was", "Koho nebo čeho") }
    var auditLead: String {
        say(
            "Log-ins, refusals and changes of rights; the newest first.",
            "Anmeldungen, Ablehnungen und Änderungen von Rechten; die neuesten zuerst.",
            "Přihlášení, odmítnutí a změny práv; nejnovější první.")
    }
    var staleForm: String {
        say(
            "Somebody changed this while you did. Your input stands below; saving again puts it "
                + "over theirs.",
            "Jemand hat das zur selben Zeit geändert. Ihre Eingabe steht unten; nochmaliges "
                + "Speichern setzt sie darüber.",
            "Někdo to změnil ve stejnou dobu. Vaše zadání je níže; opětovné uložení jejich změnu "
                + "přepíše.")
    }
    /// What a permission is for.
    func permission(_ permission: String) -> String {
        switch permission {
        case "mail:read": say("read mail", "E-Mails lesen", "číst poštu")
        case "mail:send": say("send mail", "E-Mails senden", "posílat poštu")
        case "workflow:operate":
            say("operate workflows", "Workflows bedienen", "řídit pracovní postupy")
        case "batch:operate":
            say(
                "import, export, synchronize", "importieren, exportieren, abgleichen",
                "importovat, exportovat, synchronizovat")
        case "models:write": say("change models", "Modelle ändern", "měnit modely")
        case "accounts:write":
            say("manage people and roles", "Personen und Rollen verwalten", "spravovat lidi a role")
        case "operations:read": say("see operations", "Betrieb sehen", "vidět provoz")
        default: permission
        }
    }
}
