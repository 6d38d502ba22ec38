using System.Runtime.CompilerServices;

namespace Dialtone.Cli.Tests;

public sealed class IdleMemoryTests
{
    [Fact]
    public void What_a_crowd_left_free_is_given_back_once_it_has_come_and_once_it_has_gone()
    {
        var time = new FakeTimeProvider();
        int count = 0;
        using var memory = new IdleMemory(() => count, time);
        foreach (int here in (int[])[600, 0])
        {
            WeakReference left = Leave();
            count = here;
            time.Advance(TimeSpan.FromSeconds(2)); // they are still coming, or going
            time.Advance(TimeSpan.FromSeconds(2));
            Assert.False(left.IsAlive);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Leave() => new(new byte[100]);
}
