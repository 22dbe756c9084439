using System.Security.Cryptography;
using System.Text;
using HealthChain.Smart.Accounts.Passwords;
using HealthChain.Smart.State;

namespace HealthChain.Smart.Accounts;

/// <summary>What an account is made of.</summary>
/// <param name="Name">What the user types to log in.</param>
public sealed record NewAccount(string Name, Role Role)
{
    /// <summary>What others see; the login name when there is none.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Who it is in the record, such as <c>Patient/12</c>.</summary>
    public string? FhirUser { get; init; }

    /// <summary>For whom the person works, such as <c>Organization/1</c>.</summary>
    public string? Organisation { get; init; }

    /// <summary>See <see cref="Account.MayBreakGlass"/>.</summary>
    public bool MayBreakGlass { get; init; }

    /// <summary>Null for one that is made here, good for one login.</summary>
    public string? Password { get; init; }

    /// <summary>In place of a password: its hash, as <see cref="AccountBook.HashAsync"/> makes it.</summary>
    public string? PasswordHash { get; init; }

    /// <summary>Another provider at which the user logs in, and what the user is called there; then no password is made.</summary>
    public string? ExternalIssuer { get; init; }

    public string? ExternalSubject { get; init; }

    /// <summary>Whether a password that was given must be changed at the first login.</summary>
    public bool MustChangePassword { get; init; }

    public Registration Registration { get; init; } = Registration.Administrator;
}

/// <summary>An account that was made.</summary>
/// <param name="OneTimePassword">The password that was made for it, which is nowhere else; null when one was given.</param>
public sealed record CreatedAccount(Account Account, string? OneTimePassword);

/// <summary>Makes accounts and changes how their owners prove who they are.</summary>
/// <remarks>Thread-safe. <see cref="IOException"/> means that the change could not be written and must not be relied on.</remarks>
public sealed class AccountBook : IDisposable
{
    private const int MaxNameLength = 128;
    private const int OneTimeBytes = 15;

    private readonly SmartState _state;
    private readonly PasswordOptions _options;
    private readonly TimeProvider _time;

    public AccountBook(SmartState state, PasswordOptions options, TimeProvider time)
    {
        _state = state;
        _options = options;
        _time = time;
        Hasher = new PasswordHasher(options);
    }

    internal PasswordHasher Hasher { get; }

    public async ValueTask<OAuthResult<CreatedAccount>> CreateAsync(NewAccount made, CancellationToken cancellationToken)
    {
        string name = made.Name.Trim();
        if (name.Length is 0 or > MaxNameLength || name.Any(char.IsControl))
        {
            return OAuthError.InvalidRequest($"A login name has 1 to {MaxNameLength} characters.");
        }

        string? oneTime = made is { Password: null, PasswordHash: null, ExternalSubject: null } ? NewOneTimePassword() : null;
        if (made.Password is not null && PasswordRules.Refuse(made.Password, name, _options.MinLength) is { } reason)
        {
            return OAuthError.InvalidRequest(reason);
        }

        if (made.PasswordHash is { } given && !IsPasswordHash(given))
        {
            return OAuthError.InvalidRequest("The hash of the password is not one of ours.");
        }

        byte[]? hash = made.PasswordHash is { } text ? Encoding.ASCII.GetBytes(text) : null;
        if ((made.Password ?? oneTime) is { } password)
        {
            hash = await Hasher.HashAsync(password, cancellationToken);
            if (hash is null)
            {
                return TooMany;
            }
        }

        var account = new Account
        {
            Id = Secrets.NewId(),
            Name = name,
            Role = made.Role,
            DisplayName = made.DisplayName,
            FhirUser = made.FhirUser,
            Organisation = made.Organisation,
            MayBreakGlass = made.MayBreakGlass,
            Registration = made.Registration,
            Created = _time.GetUtcNow(),
            Password = hash,
            MustChangePassword = oneTime is not null || made.MustChangePassword,
            ExternalIssuer = made.ExternalIssuer,
            ExternalSubject = made.ExternalSubject,
        };
        return await _state.AddAccountAsync(account) ? new CreatedAccount(account, oneTime) : OAuthError.InvalidRequest("An account of this name exists already.");
    }

    /// <summary>
    /// Sets the password that the user chose; all sessions but the one that is begun after it end, in case somebody else is in one of them.
    /// </summary>
    /// <param name="account">With the password that the user has proved to know: if that was changed meanwhile, nothing is set.</param>
    /// <returns>Why the password cannot be had; null when it is set.</returns>
    public async ValueTask<OAuthError?> SetPasswordAsync(Account account, string password, CancellationToken cancellationToken)
    {
        if (PasswordRules.Refuse(password, account.Name, _options.MinLength) is { } reason)
        {
            return OAuthError.InvalidRequest(reason);
        }

        if (await Hasher.HashAsync(password, cancellationToken) is not { } hash)
        {
            return TooMany;
        }

        bool isSet = false;
        _ = await _state.ChangeAccountAsync(account.Id, before =>
        {
            isSet = ReferenceEquals(before.Password, account.Password);
            return isSet ? before with { Password = hash, MustChangePassword = false } : before;
        });
        if (!isSet)
        {
            return OAuthError.InvalidRequest("The password was changed by somebody else meanwhile.");
        }

        await _state.EndSessionsAsync(account.Id);
        return null;
    }

    /// <summary>
    /// Makes a password that is good for one login, in place of the one that was forgotten; it is nowhere else. The second factor goes with it: who lost
    /// the one may have lost the other. Null when the account is gone, or too many log in at this moment.
    /// </summary>
    public async ValueTask<string?> ResetPasswordAsync(Account account, CancellationToken cancellationToken)
    {
        string oneTime = NewOneTimePassword();
        if (await Hasher.HashAsync(oneTime, cancellationToken) is not { } hash
            || await _state.ChangeAccountAsync(
                account.Id, before => before with { Password = hash, MustChangePassword = true, SecondFactor = null, LastSecondFactorStep = 0, RecoveryCodes = [] }) is null)
        {
            return null;
        }

        await _state.EndSessionsAsync(account.Id);
        return oneTime;
    }

    /// <summary>Whether a text is a hash that this server can check passwords against.</summary>
    public static bool IsPasswordHash(string text) => Ascii.IsValid(text) && Passwords.PasswordHash.TryRead(Encoding.ASCII.GetBytes(text)) is not null;

    /// <summary>The hash of a password, for files that must not hold the password; null when too many log in at this moment.</summary>
    public async ValueTask<string?> HashAsync(string password, CancellationToken cancellationToken) =>
        await Hasher.HashAsync(password, cancellationToken) is { } hash ? Encoding.ASCII.GetString(hash) : null;

    /// <summary>
    /// Switches the second factor on, once the user has shown a code of it; what comes back are the recovery codes, or null for a wrong code, or when there is
    /// one already: its codes stay.
    /// </summary>
    internal async ValueTask<IReadOnlyList<string>?> EnrolAsync(Account account, byte[] secret, string code)
    {
        if (Totp.Match(secret, code, lastStep: 0, _time.GetUtcNow()) is not { } step)
        {
            return null;
        }

        IReadOnlyList<string> codes = Accounts.RecoveryCodes.New();
        IReadOnlyList<byte[]> hashes = Accounts.RecoveryCodes.Hashes(codes);
        bool isOn = false;
        _ = await _state.ChangeAccountAsync(account.Id, before =>
        {
            isOn = before.SecondFactor is null;
            return isOn ? before with { SecondFactor = secret, LastSecondFactorStep = step, RecoveryCodes = hashes } : before;
        });
        return isOn ? codes : null;
    }

    /// <summary>Switches the second factor off.</summary>
    internal async ValueTask RemoveSecondFactorAsync(Account account) =>
        _ = await _state.ChangeAccountAsync(account.Id, before => before with { SecondFactor = null, LastSecondFactorStep = 0, RecoveryCodes = [] });

    public void Dispose() => Hasher.Dispose();

    private static string NewOneTimePassword() => Base32.Encode(RandomNumberGenerator.GetBytes(OneTimeBytes)).ToLowerInvariant();

    internal static OAuthError TooMany { get; } = OAuthError.TemporarilyUnavailable("Too many people log in at this moment.");
}
