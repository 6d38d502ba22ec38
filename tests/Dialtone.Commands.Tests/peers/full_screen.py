"""A full-screen program: shows its terminal's size and the keys it was given; q quits with code 3."""
import curses
import sys


def show(screen):
    keys = ""
    while True:
        rows, columns = screen.getmaxyx()
        screen.erase()
        screen.addstr(0, 0, f"size {columns}x{rows}")
        screen.addstr(rows - 1, 0, f"keys {keys}")
        screen.refresh()
        key = screen.getch()
        if key == ord("q"):
            return
        if key == curses.KEY_UP:
            keys += "UP"
        elif 32 < key < 127:
            keys += chr(key)


curses.wrapper(show)
sys.exit(3)
