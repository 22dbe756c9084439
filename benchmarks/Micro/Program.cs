using HealthChain.Micro;

// dotnet run -c Release --project benchmarks/Micro -- [NAME ...]; without a name all of them run.
var benchmarks = new (string Name, Action Run)[]
{
    ("load", Loading.Run),
    ("parse", Parsing.Run),
    ("membership", Membership.Run),
    ("fhirpath", FhirPathRows.Run),
    ("validate", Validating.Run),
    ("extract", Extraction.Run),
    ("seal", Sealing.Run),
    ("store", Storing.Run),
    ("search", Searching.Run),
    ("leaves", LedgerPrice.Run),
    ("records", Records.Run),
    ("ledger", Ledger.Run),
    ("chain", Signing.Run),
    ("worker", LedgerWorking.Run),
    ("consent", Consents.Run),
    ("consent-search", ConsentSearching.Run),
    ("passwords", PasswordHashing.Run),
    ("jose", JoseTokens.Run),
    ("tokens", SmartTokens.Run),
    ("labels", Labels.Run),
};

foreach ((string name, Action run) in benchmarks)
{
    if (args.Length == 0 || args.Contains(name))
    {
        run();
    }
}
