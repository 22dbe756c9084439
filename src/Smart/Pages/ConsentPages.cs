using HealthChain.Smart.Scopes;

namespace HealthChain.Smart.Pages;

/// <summary>Pages on which a user decides what an app gets.</summary>
internal static class ConsentPages
{
    /// <param name="request">The request of the app, as it was sent.</param>
    /// <param name="app">What the app calls itself; nobody checked that.</param>
    /// <param name="home">Where the user goes from here, so that an app cannot call itself what it wants.</param>
    /// <param name="patient">Whose record is opened; null for none.</param>
    public static Html Consent(string token, string request, string app, string home, PatientChoice? patient, string user, IReadOnlyList<ScopeChoice> choices) => Layout.Page($"Let “{app}” in?", Html.Of($"""
        <p><strong>{app}</strong> (at <code>{home}</code>) asks for access. You are logged in as <strong>{user}</strong>.</p>
        {Html.If(patient is not null, Html.Of($"<p>Record of <strong>{patient?.Name}</strong>{Html.If(patient?.BirthDate is not null, Html.Of($", born {patient?.BirthDate}"))}</p>"))}
        {Layout.Form("/auth/consent", token, Html.Of($"""
            {Layout.Hidden(FormFields.Request, request)}
            {Layout.Hidden(FormFields.Patient, patient?.Id)}
            <fieldset>
            <legend>It gets what is ticked</legend>
            {Html.Join(choices.Select(choice => Choice(choice)))}
            </fieldset>
            <p><button name="{FormFields.Decision}" value="{FormFields.Allow}">Allow</button>
            <button class="second" name="{FormFields.Decision}" value="{FormFields.Deny}">Deny</button></p>
            <p class="quiet">You can take this back at any time under <a href="/auth/apps">Apps</a>.</p>
            """))}
        """));

    /// <summary>A request that cannot be answered.</summary>
    /// <param name="home">Where the way back leads, for people.</param>
    /// <param name="back">The way back to the app; null when there is none that is known to be the app's.</param>
    public static Html Refused(string reason, string? home, string? back) => Layout.Page("This request cannot be used", Html.Of($"""
        {Layout.Problem($"The app sent a request that cannot be answered. {reason}")}
        {Html.If(back is not null, Html.Of($"""<p><a href="{back}">Go back to <code>{home}</code></a></p>"""))}
        """));

    /// <param name="found">Null when nothing was searched for.</param>
    public static Html Patients(string token, string request, string app, string search, IReadOnlyList<PatientChoice>? found) => Layout.Page("Choose a patient", Html.Of($"""
        <p><strong>{app}</strong> works with the record of one patient.</p>
        {Layout.Form("/auth/patient", token, Html.Of($"""
            {Layout.Hidden(FormFields.Request, request)}
            {Layout.Field("Name or identifier", FormFields.Search, "search", "off", Html.Of($"""value="{search}" maxlength="200" """))}
            <p><button>Search</button></p>
            """))}
        {(found is null ? Html.None : found.Count == 0 ? Html.Of($"""<p role="status">Nobody was found.</p>""") : Layout.Form("/auth/patient", token, Html.Of($"""
            {Layout.Hidden(FormFields.Request, request)}
            <table>
            <thead><tr><th scope="col">Name</th><th scope="col">Born</th><th scope="col">Gender</th><th scope="col"></th></tr></thead>
            <tbody>{Html.Join(found.Select(Row))}</tbody>
            </table>
            """)))}
        """));

    private static Html Row(PatientChoice patient) => Html.Of($"""
        <tr><td>{patient.Name}</td><td>{patient.BirthDate}</td><td>{patient.Gender}</td><td><button name="{FormFields.Patient}" value="{patient.Id}">Choose</button></td></tr>
        """);

    private static Html Choice(ScopeChoice choice, bool isTicked = true) => Html.Of($"""
        <label><input type="checkbox" name="{FormFields.Scope}" value="{choice.Scope}" {Html.If(isTicked, Html.Of($"checked"))}> <span>{choice.Sentence}</span></label>
        {Html.If(choice.Parts.Count > 0, Html.Of($"<details><summary>or only parts of it (untick the whole)</summary>{Html.Join(choice.Parts.Select(part => Choice(part, isTicked: false)))}</details>"))}
        """);
}
