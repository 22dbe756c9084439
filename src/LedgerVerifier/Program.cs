using HealthChain.LedgerVerifier;

return VerifyCommand.Run(args, Console.Out, Console.Error);
