/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of lessons. In a picture o is made, m moved, x dropped, & borrowed, = may write, ) the borrow's end, !
 * where the rule is broken.
 */
#include "explain.h"

#include "cli.h"

#define TRACKED "#include <borrowscope/borrowscope.h>\n"

static const struct cli_lesson lessons[] = {
    [BSCOPE_RULE_NONE] = {"", "", "", "", ""},
    [BSCOPE_RULE_USE_AFTER_MOVE] =
        {
            .says = "Something was used, borrowed, moved or dropped under a name that it had been moved away "
                    "from, or after it had been dropped. Whoever owns it now may have changed or freed it.",
            .help = "Use the name that owns it now, or move it back first.",
            .wrong = TRACKED "#include <stdlib.h>\n"
                             "\n"
                             "int main(void) {\n"
                             "  char *buf = bscope_new_at(\"buf\", malloc(8), 8);\n"
                             "  char *queued = bscope_move_at(buf, \"queued\");\n"
                             "  *bscope_use_at(buf, \"buf\") = 1; /* BS001 */\n"
                             "  bscope_drop_at(queued);\n"
                             "  free(queued);\n"
                             "}\n",
            .picture = "buf     o----m    !\n"
                       "queued       o---------x\n"
                       "        0    1    2    3\n",
            .right = TRACKED "#include <stdlib.h>\n"
                             "\n"
                             "int main(void) {\n"
                             "  char *buf = bscope_new_at(\"buf\", malloc(8), 8);\n"
                             "  *bscope_use_at(buf, \"buf\") = 1;\n"
                             "  char *queued = bscope_move_at(buf, \"queued\");\n"
                             "  bscope_drop_at(queued);\n"
                             "  free(queued);\n"
                             "}\n",
        },
    [BSCOPE_RULE_DOUBLE_DROP] =
        {
            .says = "What was dropped is dropped again, or the end of a borrow is told twice. Of heap memory "
                    "that is a double free.",
            .help = "Drop it once, where its owner's life ends.",
            .wrong = TRACKED "\n"
                             "int main(void) {\n"
                             "  static char arena[8];\n"
                             "  char *one = bscope_new_at(\"one\", arena, sizeof(arena));\n"
                             "  char *two = one;\n"
                             "  bscope_drop_at(one);\n"
                             "  bscope_drop_at(two); /* BS002 */\n"
                             "}\n",
            .picture = "one     o----x    !\n"
                       "        0    1    2\n",
            .right = TRACKED "\n"
                             "int main(void) {\n"
                             "  static char arena[8];\n"
                             "  char *one = bscope_new_at(\"one\", arena, sizeof(arena));\n"
                             "  char *two = bscope_move_at(one, \"two\");\n"
                             "  bscope_drop_at(two);\n"
                             "}\n",
        },
    [BSCOPE_RULE_CONFLICTING_BORROWS] =
        {
            .says = "While one borrow may write, another one of the same owner was taken, and the earlier one "
                    "was used afterwards: it may see what it does not expect. Any number of borrows that only "
                    "read go together; one that writes goes alone.",
            .help = "End the earlier borrow before, or borrow through it.",
            .wrong = TRACKED "\n"
                             "int main(void) {\n"
                             "  BSCOPE_LET(int, x, 5);\n"
                             "  int *a = bscope_track_borrow_mut(\"a\", &x);\n"
                             "  int *b = bscope_track_borrow_mut(\"b\", &x); /* BS003 */\n"
                             "  *a += *b;\n"
                             "  bscope_borrow_end(\"a\");\n"
                             "  bscope_borrow_end(\"b\");\n"
                             "}\n",
            .picture = "x       o------------------------x\n"
                       "a            &=========)\n"
                       "b                 !=========)\n"
                       "        0    1    2    3    4    5\n",
            .right = TRACKED "\n"
                             "int main(void) {\n"
                             "  BSCOPE_LET(int, x, 5);\n"
                             "  int *a = bscope_track_borrow_mut(\"a\", &x);\n"
                             "  *a += 1;\n"
                             "  bscope_borrow_end(\"a\");\n"
                             "  int *b = bscope_track_borrow_mut(\"b\", &x);\n"
                             "  *b += 1;\n"
                             "  bscope_borrow_end(\"b\");\n"
                             "}\n",
        },
    [BSCOPE_RULE_BORROW_OUTLIVES_OWNER] =
        {
            .says = "The owner was dropped while something borrowed from it, and that borrow was used "
                    "afterwards: it points to what is no more.",
            .help = "End the borrow before its owner is dropped, or drop the owner later.",
            .wrong = TRACKED "\n"
                             "int main(void) {\n"
                             "  const int *r;\n"
                             "  {\n"
                             "    BSCOPE_LET(int, inner, 5); /* BS004 */\n"
                             "    r = bscope_track_borrow(\"r\", &inner);\n"
                             "  }\n"
                             "  bscope_borrow_end(\"r\");\n"
                             "  return r == NULL;\n"
                             "}\n",
            .picture = "inner   o---------!\n"
                       "r            &---------)\n"
                       "        0    1    2    3\n",
            .right = TRACKED "\n"
                             "int main(void) {\n"
                             "  const int *r;\n"
                             "  BSCOPE_LET(int, inner, 5);\n"
                             "  {\n"
                             "    r = bscope_track_borrow(\"r\", &inner);\n"
                             "  }\n"
                             "  bscope_borrow_end(\"r\");\n"
                             "  return r == NULL;\n"
                             "}\n",
        },
    [BSCOPE_RULE_NEVER_DROPPED] =
        {
            .says = "The program ended, and what it had made was neither dropped nor moved to somebody who did. "
                    "Of heap memory that is a leak.",
            .help = "Drop it when its owner's life ends, or move it to who drops it.",
            .wrong = TRACKED "#include <stdlib.h>\n"
                             "\n"
                             "static char *forgotten;\n"
                             "\n"
                             "int main(void) {\n"
                             "  forgotten = bscope_new_at(\"buf\", malloc(8), 8); /* BS005 */\n"
                             "  return forgotten == NULL;\n"
                             "}\n",
            .picture = "buf     o-------------... !\n"
                       "        0               the end\n",
            .right = TRACKED "#include <stdlib.h>\n"
                             "\n"
                             "static char *kept;\n"
                             "\n"
                             "int main(void) {\n"
                             "  kept = bscope_new_at(\"buf\", malloc(8), 8);\n"
                             "  bscope_drop_at(kept);\n"
                             "  free(kept);\n"
                             "}\n",
        },
    [BSCOPE_RULE_MOVED_WHILE_BORROWED] =
        {
            .says = "The owner gave away what somebody borrowed from it, or its block moved to another place "
                    "while it grew, and the borrow was used afterwards: it may point to the old place.",
            .help = "End the borrow before the move; borrow again after a resize.",
            .wrong = TRACKED "\n"
                             "int main(void) {\n"
                             "  int x = bscope_track_new(\"x\", 5);\n"
                             "  const int *r = bscope_track_borrow(\"r\", &x);\n"
                             "  int y = bscope_track_move(\"x\", \"y\", x); /* BS006 */\n"
                             "  y += *r;\n"
                             "  bscope_borrow_end(\"r\");\n"
                             "  bscope_track_drop(\"y\");\n"
                             "}\n",
            .picture = "x       o---------!\n"
                       "r            &---------)\n"
                       "y                 o---------x\n"
                       "        0    1    2    3    4\n",
            .right = TRACKED "\n"
                             "int main(void) {\n"
                             "  int x = bscope_track_new(\"x\", 5);\n"
                             "  const int *r = bscope_track_borrow(\"r\", &x);\n"
                             "  x += *r;\n"
                             "  bscope_borrow_end(\"r\");\n"
                             "  int y = bscope_track_move(\"x\", \"y\", x);\n"
                             "  bscope_track_drop(\"y\");\n"
                             "  return y == 0;\n"
                             "}\n",
        },
    [BSCOPE_RULE_LOCK_CONFLICT] =
        {
            .says = "A cell was borrowed for writing while it was borrowed already, or a lock was taken by the "
                    "thread that held it. In Rust the one panics; the other never ends.",
            .help = "End the earlier borrow, or let the lock go, before.",
            .wrong = TRACKED "\n"
                             "int main(void) {\n"
                             "  int cell = bscope_track_ref_cell_new(\"cell\", 1);\n"
                             "  bscope_track_ref_cell_borrow(\"reader\", \"cell\", &cell);\n"
                             "  bscope_track_ref_cell_borrow_mut(\"writer\", \"cell\", &cell); /* BS007 */\n"
                             "  bscope_track_ref_cell_drop(\"writer\");\n"
                             "  bscope_track_ref_cell_drop(\"reader\");\n"
                             "  bscope_track_drop(\"cell\");\n"
                             "  return cell != 1;\n"
                             "}\n",
            .picture = "cell    o------------------------x\n"
                       "reader       &--------------)\n"
                       "writer            !====)\n"
                       "        0    1    2    3    4    5\n",
            .right = TRACKED "\n"
                             "int main(void) {\n"
                             "  int cell = bscope_track_ref_cell_new(\"cell\", 1);\n"
                             "  bscope_track_ref_cell_borrow(\"reader\", \"cell\", &cell);\n"
                             "  bscope_track_ref_cell_drop(\"reader\");\n"
                             "  bscope_track_ref_cell_borrow_mut(\"writer\", \"cell\", &cell);\n"
                             "  bscope_track_ref_cell_drop(\"writer\");\n"
                             "  bscope_track_drop(\"cell\");\n"
                             "  return cell != 1;\n"
                             "}\n",
        },
    [BSCOPE_RULE_REFERENCE_COUNT] =
        {
            .says = "A counted reference was given back twice, so that the count falls below what is held; or "
                    "references form a cycle that nobody outside holds, so that none of them is ever freed.",
            .help = "Give back each reference once; make one reference of a cycle a weak one.",
            .wrong = TRACKED "\n"
                             "int main(void) {\n"
                             "  bscope_track_rc_new(\"a\", 1, 1, 0);\n"
                             "  bscope_track_rc_clone(\"b\", \"a\", 1, 2, 0);\n"
                             "  bscope_track_drop(\"b\");\n"
                             "  bscope_track_drop(\"b\"); /* BS008 */\n"
                             "  bscope_track_drop(\"a\");\n"
                             "}\n",
            .picture = "a       o-------------------x\n"
                       "b            o----x    !\n"
                       "        0    1    2    3    4\n",
            .right = TRACKED "\n"
                             "int main(void) {\n"
                             "  bscope_track_rc_new(\"a\", 1, 1, 0);\n"
                             "  bscope_track_rc_clone(\"b\", \"a\", 1, 2, 0);\n"
                             "  bscope_track_drop(\"b\");\n"
                             "  bscope_track_drop(\"a\");\n"
                             "}\n",
        },
    [BSCOPE_RULE_NEVER_CREATED] =
        {
            .says = "Something was dropped, moved, or its borrow ended, that the whole log never saw created: a "
                    "free of what was not allocated, a name that is spelled wrongly, or a creation that is not "
                    "tracked.",
            .help = "Track where it is created, or drop what was created.",
            .wrong = TRACKED "\n"
                             "int main(void) {\n"
                             "  bscope_track_new(\"buffer\", 5);\n"
                             "  bscope_track_drop(\"bufer\"); /* BS009 */\n"
                             "  bscope_track_drop(\"buffer\");\n"
                             "}\n",
            .picture = "buffer  o---------x\n"
                       "bufer        !\n"
                       "        0    1    2\n",
            .right = TRACKED "\n"
                             "int main(void) {\n"
                             "  bscope_track_new(\"buffer\", 5);\n"
                             "  bscope_track_drop(\"buffer\");\n"
                             "}\n",
        },
    [BSCOPE_RULE_UNSHARED_THREADS] =
        {
            .says = "A thread that was running already borrowed mutably, or dropped, what another running "
                    "thread owns, and nothing in the log handed it over: no move, no lock, no channel, no start "
                    "or end of a thread. It may be a race.",
            .help = "Move it to the thread that uses it, or record the lock that guards it.",
            .wrong = TRACKED "#include <pthread.h>\n"
                             "\n"
                             "static pthread_barrier_t turn;\n"
                             "static char box[8];\n"
                             "\n"
                             "static void *work(void *unused) {\n"
                             "  bscope_track_new(\"own\", 1);\n"
                             "  pthread_barrier_wait(&turn);\n"
                             "  pthread_barrier_wait(&turn);\n"
                             "  *(char *)bscope_borrow_mut_at(\"m\", &box[0]) = 1; /* BS010 */\n"
                             "  bscope_borrow_end(\"m\");\n"
                             "  pthread_barrier_wait(&turn);\n"
                             "  bscope_track_drop(\"own\");\n"
                             "  return unused;\n"
                             "}\n"
                             "\n"
                             "int main(void) {\n"
                             "  pthread_t thread;\n"
                             "  pthread_barrier_init(&turn, NULL, 2);\n"
                             "  pthread_create(&thread, NULL, work, NULL);\n"
                             "  pthread_barrier_wait(&turn);\n"
                             "  bscope_new_at(\"box\", box, sizeof(box));\n"
                             "  pthread_barrier_wait(&turn);\n"
                             "  pthread_barrier_wait(&turn);\n"
                             "  bscope_drop_at(&box[0]);\n"
                             "  pthread_join(thread, NULL);\n"
                             "}\n",
            .picture = "thread 1  own o------------------------x\n"
                       "          m             !====)\n"
                       "thread 0  box      o--------------x\n"
                       "              0    1    2    3    4    5\n",
            .right = TRACKED "#include <pthread.h>\n"
                             "\n"
                             "static pthread_barrier_t turn;\n"
                             "static char box[8];\n"
                             "\n"
                             "static void *work(void *unused) {\n"
                             "  bscope_track_new(\"own\", 1);\n"
                             "  pthread_barrier_wait(&turn);\n"
                             "  pthread_barrier_wait(&turn);\n"
                             "  char *mine = bscope_move_at(&box[0], \"mine\");\n"
                             "  *mine = 1;\n"
                             "  bscope_drop_at(mine);\n"
                             "  pthread_barrier_wait(&turn);\n"
                             "  bscope_track_drop(\"own\");\n"
                             "  return unused;\n"
                             "}\n"
                             "\n"
                             "int main(void) {\n"
                             "  pthread_t thread;\n"
                             "  pthread_barrier_init(&turn, NULL, 2);\n"
                             "  pthread_create(&thread, NULL, work, NULL);\n"
                             "  pthread_barrier_wait(&turn);\n"
                             "  bscope_new_at(\"box\", box, sizeof(box));\n"
                             "  pthread_barrier_wait(&turn);\n"
                             "  pthread_barrier_wait(&turn);\n"
                             "  pthread_join(thread, NULL);\n"
                             "}\n",
        },
};

const struct cli_lesson *cli_lesson(enum bscope_rule rule) {
  return &lessons[(unsigned)rule < CLI_COUNT(lessons) ? (unsigned)rule : 0];
}
