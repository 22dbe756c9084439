using System.Globalization;
using HealthChain.Smart.State;

namespace HealthChain.Smart.Pages;

/// <summary>Pages on which users prove who they are and change how they do.</summary>
internal static class AccountPages
{
    /// <param name="request">The request of the app that waits for it, or null.</param>
    /// <param name="elsewhere">What another provider is called at which users may log in; null for none.</param>
    /// <param name="mustBeAnew">Whether the app wants the user to prove anew who it is, also elsewhere.</param>
    public static Html Login(string token, string? request, string? app, string? problem, string? elsewhere, bool mustBeAnew) => Layout.Page("Log in", Html.Of($"""
        {Html.If(app is not null, Html.Of($"<p>The app <strong>{app}</strong> wants to work with health data. Log in to decide what it gets.</p>"))}
        {Layout.Problem(problem)}
        {Layout.Form("/auth/login", token, Html.Of($"""
            {Layout.Hidden(FormFields.Request, request)}
            {Layout.Field("Login name", FormFields.Name, "text", "username", Html.Of($"""required maxlength="128" autocapitalize="none" spellcheck="false" """))}
            {Layout.Field("Password", FormFields.Password, "password", "current-password", Html.Of($"""required maxlength="256" """))}
            {Layout.Field("Code of your authenticator app, if you use one", FormFields.Code, "text", "one-time-code", Html.Of($"""maxlength="32" spellcheck="false" """))}
            <p><button>Log in</button></p>
            """))}
        {Html.If(elsewhere is not null, Layout.Form("/auth/external/start", token, Html.Of($"""
            {Layout.Hidden(FormFields.Request, request)}
            {Html.If(mustBeAnew, Layout.Hidden(FormFields.Anew, "yes"))}
            <p><button class="second">Log in with {elsewhere}</button></p>
            """)))}
        """));

    /// <param name="isForced">The password was made by somebody else and is good for nothing but this.</param>
    /// <param name="hasApps">Whether apps have access that outlives the sessions, which a new password ends.</param>
    public static Html Password(string token, string? request, bool isForced, bool hasSecondFactor, bool hasApps, string? problem) => Layout.Page("Choose a password", Html.Of($"""
        {Html.If(isForced, Html.Of($"<p>Your password was made by somebody else. Choose one that nobody but you knows.</p>"))}
        {Layout.Problem(problem)}
        {Layout.Form("/auth/password", token, Html.Of($"""
            {Layout.Hidden(FormFields.Request, request)}
            {Layout.Field("Present password", FormFields.Password, "password", "current-password", Html.Of($"""required maxlength="256" """))}
            {Html.If(hasSecondFactor, Layout.Field("Code of your authenticator app", FormFields.Code, "text", "one-time-code", Html.Of($"""required maxlength="32" """)))}
            {Layout.Field("New password", FormFields.NewPassword, "password", "new-password", Html.Of($"""required maxlength="256" """))}
            {Layout.Field("New password once more", FormFields.Repeated, "password", "new-password", Html.Of($"""required maxlength="256" """))}
            <p class="quiet">Length is what counts: a sentence is easier to remember than a riddle.</p>
            {Html.If(hasApps, Html.Of($"""<p><label><input type="checkbox" name="{FormFields.Revoke}" value="all"> <span>Take access back from all apps, too. Do so if somebody else may have known the old password.</span></label></p>"""))}
            <p><button>Set password</button></p>
            """))}
        """));

    /// <param name="secret">A new secret to enrol, in Base32; null when there is a second factor already.</param>
    public static Html SecondFactor(string token, string? secret, string? keyUri, string? problem) => Layout.Page("Second factor", secret is null
        ? Html.Of($"""
            {Layout.Problem(problem)}
            <p>An authenticator app is in use: each login asks for a code of it.</p>
            {Layout.Form("/auth/second-factor", token, Html.Of($"""
                {Layout.Field("Password", FormFields.Password, "password", "current-password", Html.Of($"""required maxlength="256" """))}
                {Layout.Field("Code of your authenticator app, or a recovery code", FormFields.Code, "text", "one-time-code", Html.Of($"""required maxlength="32" """))}
                <p><button>Switch it off</button></p>
                """))}
            {Layout.Links(token)}
            """)
        : Html.Of($"""
            {Layout.Problem(problem)}
            <ol>
            <li>Open your authenticator app and add an account with this key: <br><code>{secret}</code><br>On a phone, <a href="{keyUri}">this link</a> does it.</li>
            <li>Type the code that the app then shows.</li>
            </ol>
            {Layout.Form("/auth/second-factor", token, Html.Of($"""
                {Layout.Hidden(FormFields.Secret, secret)}
                {Layout.Field("Password", FormFields.Password, "password", "current-password", Html.Of($"""required maxlength="256" """))}
                {Layout.Field("Code", FormFields.Code, "text", "one-time-code", Html.Of($"""required maxlength="6" inputmode="numeric" """))}
                <p><button>Switch it on</button></p>
                """))}
            {Layout.Links(token)}
            """));

    public static Html RecoveryCodes(string token, IReadOnlyList<string> codes) => Layout.Page("Recovery codes", Html.Of($"""
        <p>The second factor is on. Keep these codes where nobody but you finds them: each lets you log in once when your phone is not at hand. They are shown only now.</p>
        <ul>{Html.Join(codes.Select(code => Html.Of($"<li><code>{code}</code></li>")))}</ul>
        {Layout.Links(token)}
        """));

    /// <param name="apps">What the user gave, with the names of the apps.</param>
    /// <param name="hasInbox">Whether the user is a patient, who has one.</param>
    public static Html Apps(string token, string user, bool hasInbox, IReadOnlyList<(Authorisation Given, string App, IReadOnlyList<string> Sentences)> apps) => Layout.Page("Apps with access", Html.Of($"""
        <p>Logged in as <strong>{user}</strong>.</p>
        {(apps.Count == 0 ? Html.Of($"<p>You have given no app access.</p>") : Html.Join(apps.Select(app => App(token, app.Given, app.App, app.Sentences))))}
        {Layout.Links(token, hasInbox)}
        """));

    public static Html LoggedOut() => Layout.Page("Logged out", Html.Of($"""<p>You are logged out. <a href="/auth/login">Log in again</a></p>"""));

    public static Html AskLogout(string token) => Layout.Page("Log out", Layout.Form("/auth/logout", token, Html.Of($"<p><button>Log out</button></p>")));

    /// <summary>The way to another provider. No redirect: browsers would hold all that follows on the way against the policy of our form.</summary>
    public static Html Elsewhere(string url) => Layout.Page(
        "To the other login", Html.Of($"""<p><a href="{url}">Go on to log in</a></p>"""), Html.Of($"""<meta http-equiv="refresh" content="0;url={url}">"""));

    /// <summary>Something that no form can mend.</summary>
    public static Html Message(string title, string text) => Layout.Page(title, Layout.Problem(text));

    private static Html App(string token, Authorisation given, string app, IReadOnlyList<string> sentences) => Html.Of($"""
        <section>
        <h2>{app}</h2>
        <p class="quiet">Since {Day(given.Given)}, last used {Day(given.LastUsed)}</p>
        <ul>{Html.Join(sentences.Select(sentence => Html.Of($"<li>{sentence}</li>")))}</ul>
        {Layout.Form("/auth/apps", token, Html.Of($"""{Layout.Hidden(FormFields.Id, given.Id)}<p><button>Take access back from {app}</button></p>"""))}
        </section>
        """);

    private static string Day(DateTimeOffset time) => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
