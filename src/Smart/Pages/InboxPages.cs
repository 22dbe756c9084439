using System.Globalization;
using HealthChain.Smart.Scopes;

namespace HealthChain.Smart.Pages;

/// <summary>The page on which a patient sees who asks for her record, who may see it, and who saw it in an emergency.</summary>
internal static class InboxPages
{
    public const string Path = "/auth/inbox";

    private static readonly Dictionary<string, string> Purposes = new(StringComparer.Ordinal)
    {
        ["TREAT"] = "your treatment",
        ["ETREAT"] = "your treatment in an emergency",
        ["CAREMGT"] = "the planning of your care",
        ["HPAYMT"] = "the payment of your care",
        ["CLMATTCH"] = "documents for a bill",
        ["COVERAGE"] = "your insurance cover",
        ["HOPERAT"] = "the running of a hospital or practice",
        ["HRESCH"] = "research",
        ["PATRQT"] = "what you asked for yourself",
        ["PUBHLTH"] = "public health",
        ["BTG"] = "an emergency in which the glass is broken",
    };

    private static readonly Dictionary<string, string> Actions = new(StringComparer.Ordinal)
    {
        ["access"] = "see it",
        ["collect"] = "collect it",
        ["use"] = "use it",
        ["disclose"] = "pass it on to others",
        ["correct"] = "correct it",
    };

    /// <param name="problem">What became of an answer that was not taken; null when all is well.</param>
    public static Html Inbox(string token, string user, InboxContent content, string? problem) => Layout.Page("Your record: who asks, who sees", Html.Of($"""
        <p>Logged in as <strong>{user}</strong>.</p>
        {Layout.Problem(problem)}
        {Html.If(content.IsCut, Html.Of($"""<p role="status">There is more than this page shows: only the newest entries are here.</p>"""))}
        <section aria-labelledby="requests">
        <h2 id="requests">Requests for access</h2>
        {Each(content.Requests, "Nobody asks for access.", request => Request(token, request))}
        </section>
        <section aria-labelledby="given">
        <h2 id="given">Consents in force</h2>
        {Each(content.Given, "You have no consents in force.", given => Given(token, given))}
        </section>
        <section aria-labelledby="emergencies">
        <h2 id="emergencies">Times when the glass was broken</h2>
        <p class="quiet">In an emergency, somebody may look into your record without your permission. You are told of it here each time.</p>
        {Each(content.Emergencies, "Nobody has done so.", Emergency)}
        </section>
        {Layout.Links(token, hasInbox: true)}
        """));

    private static Html Each<T>(IReadOnlyList<T> entries, string none, Func<T, Html> show) =>
        entries.Count == 0 ? Html.Of($"<p>{none}</p>") : Html.Join(entries.Select(show));

    private static Html Request(string token, AccessRequest request) => Html.Of($"""
        <article>
        <h3>{request.By} asks for access</h3>
        <dl>
        <dt>Reason given</dt><dd>{request.Reason}</dd>
        {Terms(request.Terms)}
        </dl>
        {(request.Bar == ApprovalBar.None ? Approvals(token, request) : Html.Of($"<p><strong>{WordsOf(request.Bar)}</strong></p>"))}
        {AnswerForm(token, request, Html.Of($"""<p>{Button(FormFields.Deny, $"Reject what {request.By} asks for", "second")}</p>"""))}
        </article>
        """);

    private static Html Approvals(string token, AccessRequest request) => Html.Of($"""
        {AnswerForm(token, request, Html.Of($"<p>{Button(FormFields.Allow, $"Approve all that {request.By} asks for")}</p>"))}
        <details>
        <summary>Approve less of what {request.By} asks for</summary>
        {AnswerForm(token, request, Html.Of($"""
            {Html.If(request.Terms.Data.Count > 0, Html.Of($"""
                <fieldset>
                <legend>What is ticked may be seen</legend>
                {Html.Join(request.Terms.Data.Select(type => Html.Of($"""
                    <label><input type="checkbox" name="{FormFields.Data}" value="{type}" checked> <span>{ScopeWords.Of(type)}</span></label>
                    """)))}
                </fieldset>
                """))}
            <p><label>Last day <input type="date" name="{FormFields.LastDay}" value="{Day(request.Terms.LastDay)}" max="{Day(request.Terms.LastDay)}"></label></p>
            <p>{Button(FormFields.Less, $"Approve only this for {request.By}")}</p>
            """))}
        </details>
        """);

    private static Html Given(string token, GivenAccess given) => Html.Of($"""
        <article>
        <h3>{(given.Terms.Recipients.Count > 0 ? string.Join(", ", given.Terms.Recipients) : "A consent that names nobody")}</h3>
        <dl>
        {Html.If(given.Since is not null, Html.Of($"<dt>Given on</dt><dd>{Day(given.Since)}</dd>"))}
        {Terms(given.Terms)}
        </dl>
        {Html.If(!given.Terms.IsWhole, Html.Of($"<p><strong>It has further conditions, which this page cannot put into words.</strong></p>"))}
        {Layout.Form(Path, token, Html.Of($"""
            {Layout.Hidden(FormFields.Id, given.Id)}
            <p>{Button(FormFields.Revoke, "Revoke this consent", "second")}</p>
            """))}
        </article>
        """);

    private static Html Emergency(EmergencyAccess emergency) => Html.Of($"""
        <article>
        <h3>{emergency.By}</h3>
        <dl>
        <dt>When</dt><dd>{emergency.At?.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture) ?? "not known"}</dd>
        <dt>Reason given</dt><dd>{emergency.Reason}</dd>
        </dl>
        </article>
        """);

    private static Html Terms(AccessTerms terms) => Html.Of($"""
        <dt>{WordsOf(terms.Kind)}</dt><dd>{(terms.Recipients.Count > 0 ? string.Join(", ", terms.Recipients) : "everybody")}</dd>
        <dt>What for</dt><dd>{(terms.Purposes.Count > 0 ? string.Join(", ", terms.Purposes.Select(code => Purposes.GetValueOrDefault(code, $"the purpose with the code {code}"))) : "any purpose")}</dd>
        <dt>What data</dt><dd>{(terms.Data.Count > 0 ? string.Join(", ", terms.Data.Select(ScopeWords.Of)) : "all kinds of data")}</dd>
        {Html.If(terms.Codes.Count > 0, Html.Of($"<dt>Only entries with the code</dt><dd>{string.Join(", ", terms.Codes)}</dd>"))}
        <dt>What is done with it</dt><dd>{(terms.Actions.Count > 0 ? string.Join(", ", terms.Actions.Select(code => Actions.GetValueOrDefault(code, code))) : "anything")}</dd>
        {Html.If(terms.FirstDay is not null, Html.Of($"<dt>First day</dt><dd>{Day(terms.FirstDay)}</dd>"))}
        <dt>Last day</dt><dd>{(terms.LastDay is null ? "none: it has no end" : Day(terms.LastDay))}</dd>
        """);

    private static Html AnswerForm(string token, AccessRequest request, Html content) => Layout.Form(Path, token, Html.Of($"""
        {Layout.Hidden(FormFields.Id, request.Id)}
        {Layout.Hidden(FormFields.Version, request.Version)}
        {content}
        """));

    private static Html Button(string decision, string words, string style = "") =>
        Html.Of($"""<button {Html.If(style.Length > 0, Html.Of($"""class="{style}" """))}name="{FormFields.Decision}" value="{decision}">{words}</button>""");

    private static string WordsOf(TermsKind kind) => kind switch
    {
        TermsKind.Adds => "Who may see",
        TermsKind.Governs => "Who may see, and nobody else",
        TermsKind.Refuses => "Who may not see",
        _ => "Whom it is about",
    };

    private static string WordsOf(ApprovalBar bar) => bar switch
    {
        ApprovalBar.Late => "The time in which this could be approved is over.",
        ApprovalBar.Changed => "What is asked for has changed since; it has to be asked for anew.",
        _ => "This has conditions that this page cannot put into words, so it cannot be approved here.",
    };

    private static string Day(DateOnly? day) => day?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "";
}
