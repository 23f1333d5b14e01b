import Testing

@testable import Gateway

/// What is wrong with a value, in the reader's language.
@Suite struct FaultTextTests {
    @Test(arguments: [
        ("This must have at most 200 characters.", "Höchstens 200 Zeichen."),
        (
            "This must have at most 2 decimals and 16 digits before.",
            "Höchstens 2 Nachkommastellen und 16 Stellen davor."
        ),
        ("This must be one of new, *open*.", "Eines von: new, *open*."),
        ("This must have a value.", "Hier fehlt ein Wert."),
        ("This must have a value. Really.", "This must have a value. Really."),
        ("Nicht unter 5", "Nicht unter 5"), ("", ""),
    ])
    func `a fault is said in German where it is known, and else as it came`(
        _ detail: String, _ german: String
    ) {
        #expect(Texts.find("de").fault(detail) == german)
        #expect(Texts.find("en").fault(detail) == detail)
    }
}
