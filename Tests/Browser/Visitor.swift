import JSON

/// Somebody with a browser, whose clicks are counted.
final class Visitor {
    let browser: Chromium
    private(set) var clicks = 0

    init(_ browser: Chromium) { self.browser = browser }

    /// Clicks on what carries this text, and waits for the page that it leads to.
    func click(_ text: String, in selector: String = "a,button", to path: String) async throws {
        clicks += 1
        let clicked = try await browser.evaluate(
            """
            (() => {
              const found = [...document.querySelectorAll(\(JSONValue.string(selector).text))]
                .find(e => e.innerText.trim() === \(JSONValue.string(text).text)
                  && e.offsetParent !== null);
              if (!found) return false;
              document.documentElement.dataset.left = 'yes';
              found.click();
              return true;
            })()
            """)
        guard clicked == true else {
            let page = try await browser.evaluate("document.body.innerText")
            throw Chromium.Failure(text: "nothing says \(text): \(page.string ?? "")")
        }
        try await browser.wait(
            """
            document.readyState === 'complete' && !document.documentElement.dataset.left
              && location.pathname === \(JSONValue.string(path).text)
            """)
    }

    func type(_ fields: [(name: String, text: String)]) async throws {
        for (name, text) in fields {
            let typed = try await browser.evaluate(
                """
                (() => {
                  const field = document.querySelector(
                    'main form [name="' + \(JSONValue.string(name).text) + '"]');
                  if (!field) return false;
                  field.value = \(JSONValue.string(text).text);
                  return field.value === \(JSONValue.string(text).text);
                })()
                """)
            guard typed == true else { throw Chromium.Failure(text: "no field \(name)") }
        }
    }
}
