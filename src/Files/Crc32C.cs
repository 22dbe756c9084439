using System.Buffers.Binary;
using System.Numerics;

namespace HealthChain.Files;

/// <summary>The checksum by which what was not written to its end is told from what was (Castagnoli's polynomial, RFC 3720, appendix B.4).</summary>
public static class Crc32C
{
    /// <param name="start">A number, such as the place of a record, that is to be part of the checksum.</param>
    public static uint Of(ReadOnlySpan<byte> bytes, uint start = 0)
    {
        uint crc = ~start;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (byte value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
