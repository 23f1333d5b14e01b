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
        let texts = caller.texts
        return frame.page(texts.docsExample, caller, width: .reading, section: .help) {
            tag(.nav, .class("crumbs"), .aria(.label, texts.back)) {
                tag(.a, .href(Link("docs"))) { "API" }
            }
            Parts.head(texts.docsExample, lead: texts.docsExampleLead)
            if caller.identity?.may(Permissions.modelsWrite) == true {
                tag(.form, .class("card"), .post, .action(Link("models", "-", "document"))) {
                    frame.csrf(caller.identity?.csrf ?? [])
                    tag(
                        .input, .type("hidden"), .name("document"),
                        .value(DefinitionExamples.document))
                    tag(.p) { texts.docsPlanLead }
                    tag(.div, .class("actions")) {
                        tag(.button, .class("button main"), .type("submit")) {
                            texts.docsPlan
                        }
                    }
                }
            }
            for part in DefinitionExamples.parts {
                tag(.section, .class("card"), .id(part.member)) {
                    tag(.h2) { part.member }
                    tag(.p) { texts.described(part.about) }
                    tag(
                        .pre, .class("code"), .fixed("tabindex", "0"), .aria(.label, part.member)
                    ) { DefinitionExamples.examples(of: part.member) }
                }
            }
        }
    }
}
