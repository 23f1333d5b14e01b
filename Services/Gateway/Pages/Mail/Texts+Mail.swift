/// What the audit of mail and the mailboxes say.
extension Texts {
    var mailLead: String {
        say(
            "What was sent, to whom, and what the servers said.",
            "Was gesendet wurde, an wen, und was die Server sagten.",
            "Co bylo odesláno, komu a co odpověděly servery.")
    }
    var subject: String { say("Subject", "Betreff", "Předmět") }
    var from: String { say("From", "Von", "Od") }
    var to: String { say("To", "An", "Komu") }
    var recipient: String { say("Recipient", "Empfänger", "Příjemce") }
    var recipients: String { say("Recipients", "Empfänger", "Příjemci") }
    var words: String { say("Words", "Wörter", "Slova") }
    var since: String { say("Since", "Seit", "Od") }
    var until: String { say("Until", "Bis", "Do") }
    var answer: String { say("Answer", "Antwort", "Odpověď") }
    var server: String { say("Server", "Server", "Server") }
    var outcome: String { say("Outcome", "Ergebnis", "Výsledek") }
    var notification: String { say("Notification", "Benachrichtigung", "Oznámení") }
    var mailAccount: String { say("Mail account", "Mailkonto", "Poštovní účet") }
    var asSeen: String { say("The mail", "Die E-Mail", "Zpráva") }
    var attachments: String { say("Attachments", "Anlagen", "Přílohy") }
    var exactBytes: String {
        say("The exact bytes (.eml)", "Die genauen Bytes (.eml)", "Přesné bajty (.eml)")
    }
    var htmlPart: String {
        say("As HTML", "Als HTML", "Jako HTML")
    }
    var htmlSafe: String {
        say(
            "Shown without scripts and without anything from other servers.",
            "Gezeigt ohne Skripte und ohne Inhalte anderer Server.",
            "Zobrazeno bez skriptů a bez obsahu jiných serverů.")
    }
    var isCut: String {
        say(
            "There is more than is shown; the exact bytes have all of it.",
            "Es gibt mehr, als gezeigt wird; die genauen Bytes enthalten alles.",
            "Je toho víc, než je zobrazeno; přesné bajty obsahují vše.")
    }
    var noText: String { say("No text.", "Kein Text.", "Žádný text.") }
    var resend: String { say("Send again", "Erneut senden", "Poslat znovu") }
    var hold: String { say("Hold", "Zurückhalten", "Zadržet") }
    var release: String { say("Release", "Freigeben", "Uvolnit") }
    var mailboxes: String { say("Mailboxes", "Postfächer", "Schránky") }
    var mailbox: String { say("Mailbox", "Postfach", "Schránka") }
    var readNow: String { say("Read now", "Jetzt lesen", "Načíst nyní") }
    var lastRead: String { say("Last read", "Zuletzt gelesen", "Naposledy čteno") }
    var received: String { say("Received", "Empfangen", "Přijato") }
    var replay: String { say("Run again", "Erneut verarbeiten", "Zpracovat znovu") }
    var intake: String { say("Received mail", "Empfangene E-Mails", "Přijatá pošta") }
    var gaps: String { say("Gaps", "Lücken", "Mezery") }
    var noMailboxes: String {
        say(
            "No model has a mailbox yet.", "Noch hat kein Modell ein Postfach.",
            "Žádný model zatím nemá schránku.")
    }
    func number(of name: String, _ count: Int64) -> String { "\(name): \(number(count))" }
}
