using System.Globalization;

namespace HealthChain.Smart.Accounts.Passwords;

/// <summary>
/// Which passwords may be chosen. NIST SP 800-63B-4 §3.1.1.2: length is what counts; any characters may stand in it, none must; but not what is guessed first.
/// </summary>
internal static class PasswordRules
{
    /// <summary>What is longer is no password but work for the hash.</summary>
    public const int MaxLength = 256;

    /// <summary>Characters that must be left beside what everybody guesses.</summary>
    private const int LeastOwn = 6;

    /// <summary>What the lists of the most frequent passwords are made of, and what this server suggests; a longer one stands before those in it.</summary>
    private static readonly string[] Guesses =
    [
        "healthchain", "administrator", "qwertyuiop", "qwertzuiop", "asdfghjkl", "1q2w3e4r5t", "password", "passw0rd", "passwort", "hospital", "iloveyou", "football",
        "baseball", "sunshine", "princess", "superman", "changeme", "zxcvbnm", "letmein", "welcome", "trustno", "patient", "charlie", "1q2w3e", "qwerty", "qwertz",
        "asdfgh", "azerty", "monkey", "dragon", "master", "shadow", "secret", "doctor", "health", "login", "admin", "guest", "hello", "user", "pass", "test",
    ];

    /// <summary>Why a password cannot be chosen; null when it can.</summary>
    public static string? Refuse(string password, string accountName, int minLength)
    {
        int length = new StringInfo(password).LengthInTextElements;
        return length < minLength ? $"The password needs at least {minLength} characters; a sentence is easy to remember."
            : password.Length > MaxLength ? $"The password may have {MaxLength} characters at most."
            : password.Distinct().Count() < 4 ? "The password is the same few characters again and again."
            : password.Contains(accountName, StringComparison.OrdinalIgnoreCase) ? "The password must not hold the login name."
            : OwnIn(password) < LeastOwn ? "The password is one of those that are tried first."
            : null;
    }

    /// <summary>How many characters are left without what everybody guesses: frequent words, and what goes on as in 1234, dcba or aaaa.</summary>
    private static int OwnIn(string password)
    {
        string rest = Guesses.Aggregate(password.ToLowerInvariant(), static (text, guess) => text.Replace(guess, "", StringComparison.Ordinal));
        return rest.Where((letter, place) => place == 0 || !GoesOn(rest[place - 1], letter)).Count();
    }

    private static bool GoesOn(char before, char letter) => Math.Abs(letter - before) <= 1 || (before, letter) is ('9', '0') or ('0', '9');
}
