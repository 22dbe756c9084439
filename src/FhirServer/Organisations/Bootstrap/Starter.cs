using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using HealthChain.Smart.Accounts;
using HealthChain.Smart.State;

namespace HealthChain.FhirServer.Organisations.Bootstrap;

/// <summary>
/// Before the server listens: applies the operator's file, makes the accounts for trying things out, and sees to it that somebody can log in at
/// all.
/// </summary>
internal sealed class Starter(
    SmartState state, AccountBook accounts, PreRegistration registration, DemoPeople demo, ServerOptions options, ILogger<Starter> logger) : IHostedService
{
    /// <summary>Login name of the account that is made when there is none.</summary>
    public const string FirstAdministrator = "administrator";

    /// <summary>Where the first password goes: to whoever sits at the terminal, past the log.</summary>
    public TextWriter Terminal { get; init; } = Console.Error;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Bootstrap.PreRegistration is { } path)
        {
            (PreRegistrationFile? file, IReadOnlyList<string> problems) = PreRegistrationFile.Read(path);
            await registration.ApplyAsync(file ?? throw new InvalidDataException($"{path}: {problems[0]}"), cancellationToken);
        }

        if (options.Bootstrap.Demo)
        {
            await demo.ApplyAsync(cancellationToken);
            ServerLog.Demo(logger);
        }

        if (state.Accounts.Count == 0 && !options.Development)
        {
            await MakeAdministratorAsync(cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task MakeAdministratorAsync(CancellationToken cancellationToken)
    {
        OAuthResult<CreatedAccount> made = await accounts.CreateAsync(new NewAccount(FirstAdministrator, Role.Administrator), cancellationToken);
        if (!made.IsOk)
        {
            throw new InvalidDataException($"The first administrator cannot be made: {made.Error.Reason}");
        }

        await Terminal.WriteLineAsync($"""

            There is no account yet, so one was made. This password is shown once and is good for one login, which asks for another:

              name      {FirstAdministrator}
              password  {made.Value.OneTimePassword}

            If it gets lost: healthchain accounts reset {FirstAdministrator}

            """);
        ServerLog.FirstAdministrator(logger);
    }
}
