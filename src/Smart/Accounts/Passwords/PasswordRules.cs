using System.Globalization;

namespace HealthChain.Smart.Accounts.Passwords;

/// <summary>
/// Which passwords may be chosen. NIST SP 800-63B-4 §3.1.1.2: length is what counts; any characters may stand in it, none must.
/// </summary>
internal static class PasswordRules
{
    /// <summary>What is longer is no password but work for the hash.</summary>
    public const int MaxLength = 256;

    /// <summary>Why a password cannot be chosen; null when it can.</summary>
    public static string? Refuse(string password, string accountName, int minLength)
    {
        int length = new StringInfo(password).LengthInTextElements;
        return length < minLength ? $"The password needs at least {minLength} characters; a sentence is easy to remember."
            : password.Length > MaxLength ? $"The password may have {MaxLength} characters at most."
            : password.Distinct().Count() < 4 ? "The password is the same few characters again and again."
            : password.Contains(accountName, StringComparison.OrdinalIgnoreCase) ? "The password must not hold the login name."
            : null;
    }
}
