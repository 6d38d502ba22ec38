using System.Runtime.InteropServices;
using System.Text;

namespace Dialtone.Files.Tests;

/// <summary>What tests ask the system for that .NET does not give.</summary>
internal static partial class Host
{
    public static bool IsRoot => geteuid() == 0;

    public static bool IsLong => Environment.GetEnvironmentVariable("DIALTONE_TEST_LONG") is not null;

    /// <summary>Makes two names trade places, in one instant.</summary>
    public static bool Exchange(string one, string other) => renameat2(-100, one, -100, other, 2) == 0;

    public static void MakePipe(string path) => Assert.Equal(0, mkfifo(path, 0b110_110_110));

    public static void Link(string file, string name) => Assert.Equal(0, link(file, name));

    /// <summary>Makes an empty file whose name is any bytes.</summary>
    public static void MakeFile(string folder, ReadOnlySpan<byte> name)
    {
        byte[] path = [.. Encoding.UTF8.GetBytes(folder + "/"), .. name, 0];
        int descriptor = open(path, 0x41, 0b110_110_110);
        Assert.True(descriptor >= 0);
        _ = close(descriptor);
    }

    [LibraryImport("libc")]
    private static partial int geteuid();

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat2(int from, string name, int to, string newName, int flags);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkfifo(string path, int mode);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string file, string name);

    [LibraryImport("libc")]
    private static partial int open(byte[] path, int flags, int mode);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);
}
