using System.Security.Cryptography;

namespace HealthChain.Storage.Sealing;

/// <summary>
/// Random bytes of which each is given once. Asking the platform's generator costs a microsecond however few are asked for, as much as sealing
/// itself, so each thread has some in store.
/// </summary>
internal static class Nonces
{
    private const int InStore = 3072;

    [ThreadStatic]
    private static byte[]? _store;

    [ThreadStatic]
    private static int _rest;

    public static void Next(Span<byte> nonce)
    {
        byte[] store = _store ??= new byte[InStore];
        if (_rest < nonce.Length)
        {
            RandomNumberGenerator.Fill(store);
            _rest = InStore;
        }

        _rest -= nonce.Length;
        store.AsSpan(_rest, nonce.Length).CopyTo(nonce);
    }
}
