/// `/docs`: what stands around the descriptions of the API, and these in the reader's language. The
/// English stands with the routes, and is what the OpenAPI document has.
extension Texts {
    private static let described = operations.merging(parameters) { first, _ in first }
        .merging(answers) { first, _ in first }.merging(definitions) { first, _ in first }
        .merging(problems) { first, _ in first }.merging(problemsOfWork) { first, _ in first }
        .merging(problemsOutside) { first, _ in first }

    /// A description in the reader's language; codes are the same in each.
    func described(_ english: String) -> String {
        guard let words = Texts.described[english] else { return english }
        return say(english, words.german, words.czech)
    }

    /// Whether a description needs no further words.
    static func isDescribed(_ english: String) -> Bool { described[english] != nil }

    var docsLead: (before: String, definitions: String, problems: String) {
        switch tongue {
        case .english:
            (
                "Every operation with its parameters, answers and problems. The same as ",
                "; what an application is made of is under ", "; what a problem means is under "
            )
        case .german:
            (
                "Jede Operation mit ihren Parametern, Antworten und Problemen. Dasselbe wie ",
                "; woraus eine Anwendung besteht, steht unter ",
                "; was ein Problem bedeutet, steht unter "
            )
        case .czech:
            (
                "Každá operace s parametry, odpověďmi a problémy. Totéž co ",
                "; z čeho se skládá aplikace, je pod ", "; co znamená problém, je pod "
            )
        }
    }
    var docsDefinitions: String { say("definitions", "Definitionen", "definice") }
    var docsProblems: String { say("Problems", "Probleme", "Problémy") }
    var docsParameters: String { say("Parameters", "Parameter", "Parametry") }
    var docsBody: String { say("Body", "Inhalt", "Tělo") }
    var docsJSONBody: String { say("Body (JSON)", "Inhalt (JSON)", "Tělo (JSON)") }
    var docsAnswers: String { say("Answers", "Antworten", "Odpovědi") }
    var docsAnswer: String { say("Answer", "Antwort", "Odpověď") }
    var docsRest: String {
        say("The rest is not shown.", "Der Rest wird nicht gezeigt.", "Zbytek se nezobrazuje.")
    }
    var docsTry: String { say("Try it", "Ausprobieren", "Vyzkoušet") }
    func docsReally(_ account: String) -> String {
        say(
            "It is really done, as \(account).", "Es wird wirklich getan, als \(account).",
            "Opravdu se to provede, jako \(account).")
    }
    var docsLogIn: String {
        say("Log in to try it", "Zum Ausprobieren anmelden", "Přihlásit se a vyzkoušet")
    }
    var docsNeedsAccount: String {
        say("Needs an account.", "Braucht ein Konto.", "Vyžaduje účet.")
    }
    func docsNeeds(_ permission: String) -> String {
        say(
            "Needs the permission \(permission).", "Braucht die Berechtigung \(permission).",
            "Vyžaduje oprávnění \(permission).")
    }
    func docsOpen(_ reason: String) -> String {
        let reason = described(reason)
        return say(
            "Open to anyone: \(reason).", "Für alle offen: \(reason).",
            "Přístupné každému: \(reason).")
    }
    var docsPeer: String {
        say("Only for other services.", "Nur für andere Dienste.", "Jen pro jiné služby.")
    }
    var docsExample: String {
        say("Definitions, by example", "Definitionen, an Beispielen", "Definice na příkladech")
    }
    var docsExampleLead: String {
        say(
            "An application is one JSON document. This one has each kind of definition once and "
                + "runs as it stands.",
            "Eine Anwendung ist ein JSON-Dokument. Dieses hat jede Art von Definition einmal und "
                + "läuft so, wie es ist.",
            "Aplikace je jeden dokument JSON. Tento obsahuje každý druh definice jednou a funguje, "
                + "jak je.")
    }
    var docsPlanLead: String {
        say(
            "Plan it here: the next page shows what it would make, and nothing is changed before "
                + "you apply it.",
            "Hier planen: die nächste Seite zeigt, was es anlegen würde, und nichts ändert sich, "
                + "bevor Sie es anwenden.",
            "Naplánujte to zde: další stránka ukáže, co by vzniklo, a nic se nezmění, dokud to "
                + "nepoužijete.")
    }
    var docsPlan: String {
        say("Plan the whole example", "Das ganze Beispiel planen", "Naplánovat celý příklad")
    }
}
