using System.Text;

namespace Dialtone.Files.Tests;

public sealed class NameOrderTests
{
    [Fact]
    public void Names_sort_as_their_utf8_bytes_do()
    {
        string[] names = ["", "a", "B", "ab", "é", "ﬁ", "\uFFFD", "\U0001F600", "\U00010000", "z", "\uE000", "a\U0001F600", "a\uFFFD"];

        foreach (string one in names)
        {
            foreach (string other in names)
            {
                int expected = Encoding.UTF8.GetBytes(one).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(other));
                Assert.Equal(Math.Sign(expected), Math.Sign(NameOrder.Instance.Compare(one, other)));
            }
        }
    }
}
