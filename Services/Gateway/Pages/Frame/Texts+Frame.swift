/// What stands around every page, and what every page may have to say.
extension Texts {
    var skip: String { say("Skip to the content", "Zum Inhalt springen", "Přejít k obsahu") }
    var home: String { say("Home", "Start", "Domů") }
    var logOut: String { say("Log out", "Abmelden", "Odhlásit se") }
    var menu: String { say("Pages", "Seiten", "Stránky") }
    var myWork: String { say("My work", "Meine Arbeit", "Moje práce") }
    var mail: String { say("Mail", "E-Mail", "Pošta") }
    var workflows: String { say("Workflows", "Workflows", "Pracovní postupy") }
    var operations: String { say("Operations", "Betrieb", "Provoz") }
    var people: String { say("People", "Personen", "Lidé") }
    var models: String { say("Models", "Modelle", "Modely") }
    var search: String { say("Search", "Suchen", "Hledat") }
    var helpAndAPI: String { say("Help and API", "Hilfe und API", "Nápověda a API") }
    var yourAccount: String { say("Your account", "Ihr Konto", "Váš účet") }

    var apply: String { say("Apply", "Anwenden", "Použít") }
    var clear: String { say("Clear", "Leeren", "Vymazat") }
    var save: String { say("Save", "Speichern", "Uložit") }
    var create: String { say("Create", "Anlegen", "Vytvořit") }
    var cancel: String { say("Cancel", "Abbrechen", "Zrušit") }
    var delete: String { say("Delete", "Löschen", "Smazat") }
    var back: String { say("Back", "Zurück", "Zpět") }
    var add: String { say("Add", "Hinzufügen", "Přidat") }
    var show: String { say("Show", "Anzeigen", "Zobrazit") }
    var download: String { say("Download", "Herunterladen", "Stáhnout") }
    var upload: String { say("Upload", "Hochladen", "Nahrát") }
    var tryAgain: String { say("Try again", "Erneut versuchen", "Zkusit znovu") }
    var nextPage: String { say("Next page", "Nächste Seite", "Další stránka") }
    var firstPage: String { say("First page", "Erste Seite", "První stránka") }
    var nothingHere: String { say("Nothing here.", "Hier ist nichts.", "Nic tu není.") }
    var yes: String { say("Yes", "Ja", "Ano") }
    var no: String { say("No", "Nein", "Ne") }
    var empty: String { "—" }
    var any: String { say("Any", "Alle", "Vše") }
    var state: String { say("State", "Zustand", "Stav") }
    var when: String { say("When", "Wann", "Kdy") }
    var who: String { say("Who", "Wer", "Kdo") }
    var name: String { say("Name", "Name", "Název") }
    var code: String { say("Code", "Kürzel", "Kód") }
    var kind: String { say("Kind", "Art", "Druh") }
    var details: String { say("Details", "Einzelheiten", "Podrobnosti") }
    var saved: String { say("Saved.", "Gespeichert.", "Uloženo.") }
    var created: String { say("Created.", "Angelegt.", "Vytvořeno.") }
    var deleted: String { say("Deleted.", "Gelöscht.", "Smazáno.") }
    var done: String { say("Done.", "Erledigt.", "Hotovo.") }
    var required: String { say("needed", "erforderlich", "povinné") }
    var optional: String { say("optional", "freiwillig", "nepovinné") }
    var codeNeeded: String {
        say(
            "A code of lower-case letters, digits and _.",
            "Ein Kürzel aus Kleinbuchstaben, Ziffern und _.",
            "Kód z malých písmen, číslic a _.")
    }
    var utc: String { say("in UTC", "in UTC", "v UTC") }
    var notSaved: String {
        say(
            "Not saved yet. Look at the marked fields.",
            "Noch nicht gespeichert. Sehen Sie die markierten Felder an.",
            "Zatím neuloženo. Podívejte se na označená pole.")
    }

    var away: String {
        say(
            "A part of the platform does not answer", "Ein Teil der Plattform antwortet nicht",
            "Část platformy neodpovídá")
    }
    var awayLead: String {
        say(
            "What you typed is kept on this page. Nothing was saved; try again in a moment.",
            "Ihre Eingabe bleibt auf dieser Seite. Nichts wurde gespeichert; versuchen Sie es "
                + "gleich noch einmal.",
            "Vaše zadání zůstává na této stránce. Nic nebylo uloženo; zkuste to za chvíli znovu.")
    }
    /// Where a part of a page cannot be shown, and the rest can.
    var awayHere: String {
        say(
            "This part does not answer just now.", "Dieser Teil antwortet gerade nicht.",
            "Tato část právě neodpovídá.")
    }
    var expired: String {
        say(
            "Your session ended. Log in again: what you typed is kept and comes back.",
            "Ihre Sitzung ist abgelaufen. Melden Sie sich wieder an: Ihre Eingabe ist aufgehoben "
                + "und kommt zurück.",
            "Vaše relace skončila. Přihlaste se znovu: vaše zadání je uchováno a vrátí se.")
    }
    var inputIsBack: String {
        say(
            "This is what you typed. It was not saved yet: look at it and send it.",
            "Das haben Sie eingegeben. Es ist noch nicht gespeichert: Sehen Sie es an und senden "
                + "Sie es ab.",
            "Toto jste zadali. Zatím není uloženo: prohlédněte si to a odešlete.")
    }
    var send: String { say("Send", "Senden", "Odeslat") }
    var goHome: String {
        say("Go to the start page", "Zur Startseite", "Přejít na úvodní stránku")
    }
    var yourInput: String { say("Your input", "Ihre Eingabe", "Vaše zadání") }
    var problemPages: String {
        say("What can go wrong", "Was schiefgehen kann", "Co se může pokazit")
    }
    var problemLead: String {
        say(
            "Each problem that an answer names, what it means and what to do.",
            "Jedes Problem, das eine Antwort nennt, was es bedeutet und was zu tun ist.",
            "Každý problém, který odpověď uvádí, co znamená a co dělat.")
    }
    var whatHappened: String { say("What happened", "Was geschehen ist", "Co se stalo") }
    var whatToDo: String { say("What to do", "Was zu tun ist", "Co dělat") }
    var requestID: String { say("Request", "Anfrage", "Požadavek") }
    func more(_ count: Int) -> String {
        say("\(count) more", "\(count) weitere", "dalších \(count)")
    }
}
