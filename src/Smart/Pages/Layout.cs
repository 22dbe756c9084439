namespace HealthChain.Smart.Pages;

/// <summary>What all pages have in common. They need no script; a keyboard, a screen reader or a text browser is enough.</summary>
internal static class Layout
{
    /// <summary>Where the style sheet lies.</summary>
    public const string StylePath = "/auth/style.css";

    /// <summary>A whole page.</summary>
    /// <param name="title">The heading too.</param>
    public static Html Page(string title, Html body, Html head = default) => Html.Of($"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="robots" content="noindex">
        <title>{title} – HealthChain</title>
        <link rel="stylesheet" href="{StylePath}">
        {head}
        </head>
        <body>
        <main>
        <h1>{title}</h1>
        {body}
        </main>
        </body>
        </html>

        """);

    /// <summary>Says what went wrong where a screen reader says it at once.</summary>
    public static Html Problem(string? text) => Html.If(text is not null, Html.Of($"""<p class="problem" role="alert">{text}</p>"""));

    public static Html Hidden(string name, string? value) => Html.If(value is not null, Html.Of($"""<input type="hidden" name="{name}" value="{value}">"""));

    /// <summary>A form of this server; each carries the token that proves that its page was ours.</summary>
    public static Html Form(string action, string token, Html content) => Html.Of($"""
        <form method="post" action="{action}" autocomplete="off">
        {Hidden(FormFields.Token, token)}
        {content}
        </form>
        """);

    public static Html Field(string label, string name, string type, string autocomplete, Html more = default) => Html.Of($"""
        <p><label for="{name}">{label}</label>
        <input id="{name}" name="{name}" type="{type}" autocomplete="{autocomplete}" {more}></p>
        """);

    public static Html Required => Html.Of($"required");

    /// <summary>A way on from the pages that are nobody's in particular.</summary>
    /// <param name="hasInbox">Whether the user is a patient, who has one.</param>
    public static Html Links(string token, bool hasInbox = false) => Html.Of($"""
        <hr>
        <nav aria-label="Account">{Html.If(hasInbox, Html.Of($"""<a href="{InboxPages.Path}">Inbox</a> """))}<a href="/auth/apps">Apps</a> <a href="/auth/password">Password</a> <a href="/auth/second-factor">Second factor</a>
        {Form("/auth/logout", token, Html.Of($"""<button class="link">Log out</button>"""))}</nav>
        """);
}

/// <summary>Names of fields in forms.</summary>
internal static class FormFields
{
    public const string Token = "form_token";

    /// <summary>The request of the app that the user came with, as it was sent.</summary>
    public const string Request = "request";

    /// <summary>Whether the user must prove anew who it is.</summary>
    public const string Anew = "anew";
    public const string Name = "name";
    public const string Password = "password";
    public const string Code = "code";
    public const string NewPassword = "new_password";
    public const string Repeated = "repeated";
    public const string Secret = "secret";
    public const string Search = "search";
    public const string Patient = "patient";
    public const string Scope = "scope";
    public const string Decision = "decision";
    public const string Allow = "allow";
    public const string Deny = "deny";
    public const string Id = "id";

    /// <summary>The version of what the user was shown.</summary>
    public const string Version = "version";
    public const string Less = "less";
    public const string Revoke = "revoke";
    public const string Data = "data";
    public const string LastDay = "last_day";
}
