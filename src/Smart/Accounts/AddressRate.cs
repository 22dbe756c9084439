using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace HealthChain.Smart.Accounts;

/// <summary>
/// How often something may be done from one address: some times at once, and over time once in an interval. The generic cell rate algorithm:
/// of each address only the instant is kept at which it would have all its turns again.
/// </summary>
/// <remarks>Thread-safe. Remembers a bounded number of addresses.</remarks>
internal sealed class AddressRate(int atOnce, TimeSpan interval, TimeProvider time)
{
    private const int MostAddresses = 100_000;

    private readonly Lock _gate = new();
    private readonly FadingTable<long> _full = new(MostAddresses);

    /// <summary>Takes a turn; or how long there is none, and then nothing is taken.</summary>
    public TimeSpan? Take(IPAddress? address)
    {
        string place = PlaceOf(address);
        long now = time.GetUtcNow().Ticks;
        lock (_gate)
        {
            long full = Math.Max(now, _full.TryGet(place, out long kept) ? kept : 0) + interval.Ticks;
            long early = full - now - (atOnce * interval.Ticks);
            if (early > 0)
            {
                return TimeSpan.FromTicks(early);
            }

            _full.Put(place, full);
            return null;
        }
    }

    /// <summary>Gives a turn back that shall not count.</summary>
    public void GiveBack(IPAddress? address)
    {
        string place = PlaceOf(address);
        lock (_gate)
        {
            if (_full.TryGet(place, out long full))
            {
                _full.Put(place, full - interval.Ticks);
            }
        }
    }

    /// <summary>Whoever has one address of IPv6 mostly has a network of them with 64 bits in common.</summary>
    private static string PlaceOf(IPAddress? address)
    {
        if (address is null)
        {
            return "";
        }

        if (address.IsIPv4MappedToIPv6 || address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address.MapToIPv4().ToString();
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return BinaryPrimitives.ReadUInt64BigEndian(bytes).ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
    }
}
