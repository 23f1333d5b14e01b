/// What the log-in and the links that people are sent say.
extension Texts {
    var accountLabel: String { say("Account", "Konto", "Účet") }
    var passwordLabel: String { say("Password", "Kennwort", "Heslo") }
    var logIn: String { say("Log in", "Anmelden", "Přihlásit se") }
    var loginLead: String {
        say(
            "Use the account that your administrator gave you.",
            "Verwenden Sie das Konto, das Ihnen Ihre Verwaltung gegeben hat.",
            "Použijte účet, který vám dal správce.")
    }
    var loginFailed: String {
        say(
            "Account and password do not belong together. Try again.",
            "Konto und Kennwort gehören nicht zusammen. Versuchen Sie es noch einmal.",
            "Účet a heslo k sobě nepatří. Zkuste to znovu.")
    }
    var loginSlow: String {
        say(
            "Too many tries for this account. Wait a little, then try again.",
            "Zu viele Versuche für dieses Konto. Warten Sie etwas und versuchen Sie es erneut.",
            "Příliš mnoho pokusů pro tento účet. Chvíli počkejte a zkuste to znovu.")
    }
    var linkLead: String {
        say(
            "You were sent this link. It does one thing, once, when you press the button.",
            "Dieser Link wurde Ihnen geschickt. Er tut eines, einmal, wenn Sie den Knopf drücken.",
            "Tento odkaz vám byl poslán. Po stisku tlačítka udělá jednu věc, jednou.")
    }
    var linkPress: String { say("Confirm", "Bestätigen", "Potvrdit") }
    var linkDone: String { say("Done. Thank you.", "Erledigt. Vielen Dank.", "Hotovo. Děkujeme.") }
    var linkExpired: String {
        say("This link has ended.", "Dieser Link ist abgelaufen.", "Platnost odkazu skončila.")
    }
    var linkExpiredLead: String {
        say(
            "Ask whoever sent it for a new one.",
            "Bitten Sie den Absender um einen neuen.",
            "Požádejte odesílatele o nový.")
    }
    func usedBy(_ account: String?) -> String {
        account.map { say("by \($0)", "durch \($0)", "provedl(a) \($0)") } ?? ""
    }
}
