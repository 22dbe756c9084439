using FsCheck;
using Microsoft.FSharp.Core;

namespace HealthChain.TestKit;

/// <summary>Random cases of a property, which begin where <see cref="Seed"/> says.</summary>
public static class RandomCases
{
    public static Config Of(int count) => Config.QuickThrowOnFailure
        .WithMaxTest(count)
        .WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd((ulong)Seed.Or(20_261_122)), FSharpOption<int>.None)));
}
