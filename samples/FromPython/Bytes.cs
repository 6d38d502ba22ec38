using System.Diagnostics;
using System.Security.Cryptography;
using Dialtone;

namespace FromPython;

public static class Bytes
{
    public static byte[] Pack()
    {
        #region struct.pack
        byte[] bytes = StructFormat.Parse("<IHQ").Pack(1, 2, 3);
        #endregion
        return bytes;
    }

    public static (uint A, ushort B, ulong C) Unpack(byte[] bytes)
    {
        #region struct.unpack
        (uint a, ushort b, ulong c) = StructFormat.Parse("<IHQ").Unpack<uint, ushort, ulong>(bytes);
        #endregion
        return (a, b, c);
    }

    public static void PackInto(byte[] buffer)
    {
        #region struct.pack_into
        StructFormat.Parse("!H").PackInto(buffer, 4, (ushort)515);
        #endregion
    }

    public static ushort UnpackFrom(byte[] buffer)
    {
        #region struct.unpack_from
        ushort value = StructFormat.Parse("!H").UnpackFrom<ushort>(buffer, 4);
        #endregion
        return value;
    }

    public static int Size()
    {
        #region Struct.size
        int size = StructFormat.Parse("i3sf").Size;
        #endregion
        return size;
    }

    public static byte[] Hmac(byte[] key, byte[] message)
    {
        #region hmac.new
        byte[] digest = HMACSHA256.HashData(key, message);
        #endregion
        return digest;
    }

    public static bool Compare(byte[] digest, byte[] answer)
    {
        #region hmac.compare_digest
        bool isEqual = CryptographicOperations.FixedTimeEquals(digest, answer);
        #endregion
        return isEqual;
    }

    public static byte[] Random()
    {
        #region os.urandom
        byte[] challenge = RandomNumberGenerator.GetBytes(32);
        #endregion
        return challenge;
    }

    public static Server AtTheDoor(Server server, HmacKey key)
    {
        #region hmac at the door
        server.Use(HmacChallenge.With(HmacDigest.Md5, key));
        #endregion
        return server;
    }

    public static Process? Popen(string command)
    {
        #region subprocess.Popen
        Process? child = Process.Start("/bin/sh", ["-c", command]);
        #endregion
        return child;
    }
}
