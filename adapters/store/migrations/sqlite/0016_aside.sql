-- What was put aside and waits for somebody's word: it came too late, or broke the program off.

CREATE INDEX inbox_aside ON inbox (seq) WHERE state = 'aside';
