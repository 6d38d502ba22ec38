using System.Runtime.InteropServices;

namespace Dialtone.Conformance.Tests;

/// <summary>How many descriptors this process may have: getrlimit(2) and setrlimit(2) with RLIMIT_NOFILE.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly partial record struct DescriptorLimit(ulong Soft, ulong Hard)
{
    private const int RLIMIT_NOFILE = 7;

    public static DescriptorLimit Get()
    {
        Assert.Equal(0, getrlimit(RLIMIT_NOFILE, out DescriptorLimit limit));
        return limit;
    }

    public static void Set(DescriptorLimit limit) => Assert.Equal(0, setrlimit(RLIMIT_NOFILE, in limit));

    [LibraryImport("libc")]
    private static partial int getrlimit(int resource, out DescriptorLimit limit);

    [LibraryImport("libc")]
    private static partial int setrlimit(int resource, in DescriptorLimit limit);
}
