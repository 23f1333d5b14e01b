import HTTP
import RPC

/// `/docs/definitions`: what a model document is made of, by examples that run.
extension DocumentPages {
    func addDefinitions() {
        let anyone = Permission.anyone(because: "a description holds no data")
        table.on(
            .get, "/docs/definitions", anyone,
            Operation(
                "The parts of a model document, by examples",
                answers: [.init(200, "The page", Pages.content)])
        ) { _, caller in definitions(caller) }
    }

    private func definitions(_ caller: Caller) -> Response {
        frame.page("Definitions", caller, width: .reading, section: .help, language: "en") {
            tag(.nav, .class("crumbs"), .aria(.label, "Back")) {
                tag(.a, .href(Link("docs"))) { "API" }
            }
            Parts.head(
                "Definitions, by example",
                lead: "An application is one JSON document. This one has each kind of definition"
                    + " once and runs as it stands.")
            if caller.identity?.may(Permissions.modelsWrite) == true {
                tag(.form, .class("card"), .post, .action(Link("models", "-", "document"))) {
                    frame.csrf(caller.identity?.csrf ?? [])
                    tag(
                        .input, .type("hidden"), .name("document"),
                        .value(DefinitionExamples.document))
                    tag(.p) {
                        "Plan it here: the next page shows what it would make, and nothing is"
                            + " changed before you apply it."
                    }
                    tag(.div, .class("actions")) {
                        tag(.button, .class("button main"), .type("submit")) {
                            "Plan the whole example"
                        }
                    }
                }
            }
            for part in DefinitionExamples.parts {
                tag(.section, .class("card"), .id(part.member)) {
                    tag(.h2) { part.member }
                    tag(.p) { part.about }
                    tag(
                        .pre, .class("code"), .fixed("tabindex", "0"), .aria(.label, part.member)
                    ) { DefinitionExamples.examples(of: part.member) }
                }
            }
        }
    }
}
