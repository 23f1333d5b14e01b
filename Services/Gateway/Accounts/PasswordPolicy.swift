import HTTP
import ServiceRuntime

/// What a password must be. Length counts; rules about kinds of characters make people write them
/// down.
struct PasswordPolicy: Sendable {
    /// In bytes: more is not hashed.
    static let maximum = 1024
    /// Former passwords that are remembered at the most.
    static let historyLimit = 24

    /// The shortest that is taken, in characters.
    var minimum = 8
    /// After so long a person must change it; nil is never.
    var age: Duration?
    /// So many former ones are not taken again, the present one included.
    var history = 0

    init() {}

    init(reading reader: ConfigurationReader) {
        minimum = reader.integer(
            "GATEWAY_PASSWORD_LENGTH", default: 8, in: 8...128,
            help: "the shortest password that is taken, in characters")
        let days = reader.integer(
            "GATEWAY_PASSWORD_AGE", default: 0, in: 0...3650,
            help: "days after which people must change their password; 0 is never")
        age = days == 0 ? nil : .seconds(days * 86_400)
        history = reader.integer(
            "GATEWAY_PASSWORD_HISTORY", default: 0, in: 0...PasswordPolicy.historyLimit,
            help: "last passwords that are not taken again; 0 takes any")
    }

    /// What is wrong with a password for an account of this code and e-mail, or nil.
    func fault(_ password: String, code: String, email: String?) -> (code: String, detail: String)?
    {
        if password.count < minimum { return ("too-short", "At least \(minimum) characters.") }
        if password.utf8.count > PasswordPolicy.maximum {
            return ("too-long", "At most \(PasswordPolicy.maximum) bytes.")
        }
        let lower = password.lowercased()
        let own = [code, email, email?.split(separator: "@").first.map(String.init)]
        let isOwn = own.compactMap { $0?.lowercased() }.contains {
            lower == $0 || lower == $0 + $0 || lower == String($0.reversed())
        }
        if isOwn { return ("too-easy", "Not the account's code or e-mail address.") }
        if PasswordPolicy.common.contains(lower) || Set(lower).count < 3 {
            return ("too-easy", "This password is among the first that anybody would try.")
        }
        return nil
    }

    /// Of those in use everywhere the ones of eight characters or more; shorter ones are refused
    /// as such.
    private static let common: Set<String> = Set(
        """
        password password1 password12 password123 password1234 passw0rd p@ssword p@ssw0rd
        passwort passwort1 kennwort geheim123 12345678 123456789 1234567890 123456789a a123456789
        1234567891 12341234 123123123 123321123 987654321 9876543210 87654321 0123456789 01234567
        11111111 111111111 1111111111 00000000 000000000 22222222 55555555 66666666 77777777
        88888888 99999999 11223344 1122334455 112233445566 12344321 123454321 147258369 159357456
        741852963 789456123 321654987 456789123 qwertyui qwertyuiop qwerty12 qwerty123 qwerty1234
        qwerty12345 1qaz2wsx 1qaz2wsx3edc 1q2w3e4r 1q2w3e4r5t qazwsxedc zaq12wsx asdfghjk asdfghjkl
        asdfasdf zxcvbnm123 qwer1234 asdf1234 abcd1234 abc12345 abcdefgh abcdefg1 aa123456 a1234567
        a12345678 1234abcd 1234qwer iloveyou iloveyou1 sunshine princess princess1 football
        football1 baseball baseball1 basketball superman superman1 batman123 trustno1 starwars
        whatever computer internet letmein1 letmein123 welcome1 welcome12 welcome123 willkommen
        admin123 admin1234 administrator adminadmin rootroot changeme changeme1 changeme123 default1
        testtest test1234 testing123 guest123 user1234 demo1234 secret12 secret123 mypassword
        master123 michelle jennifer jonathan jordan23 charlie1 danielle samantha elizabeth
        alexander victoria nicholas benjamin liverpool chelsea1 arsenal1 manchester barcelona
        mercedes corvette mustang1 hello123 hellohello dragon123 monkey123 shadow123 killer123
        freedom1 chocolate butterfly blink182 pokemon1 pokemon123 minecraft fuckyou1 lovelove
        loveyou1 1234567q q1234567 q1w2e3r4 q1w2e3r4t5 1a2b3c4d letmeinnow sommer2024 sommer2025
        sommer2026 winter2024 winter2025 winter2026 summer2024 summer2025 summer2026 spring2026
        geartrain geartrain1 geartrain123
        """.split { $0 == " " || $0 == "\n" }.map(String.init))
}
