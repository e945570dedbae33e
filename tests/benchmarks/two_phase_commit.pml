/*
 * Two-phase commit, state for state and step for step as in tests/specs_of_users/two_phase_commit.py, for a race.
 *
 * Written to be fast in SPIN: one process that never leaves its one control state, sets of resource managers as bit
 * masks, one d_step a step, the invariant asserted only where it could break. "States, stored" then is the number of
 * distinct states, and "transitions" that of steps taken, stutters included, and one more for the initial state.
 *
 * spin -DRESOURCE_MANAGERS=7 -a two_phase_commit.pml
 */
#ifndef RESOURCE_MANAGERS
#define RESOURCE_MANAGERS 7
#endif
#if RESOURCE_MANAGERS < 1 || RESOURCE_MANAGERS > 8
#error "from 1 to 8 resource managers: a set of them is one byte"
#endif

#define EVERYONE ((1 << RESOURCE_MANAGERS) - 1)
#define HAS(set, rm) ((set >> rm) & 1)
#define INSERT(set, rm) set = set | (1 << rm)
#define REMOVE(set, rm) set = set & ~(1 << rm)
#define IS_WORKING(rm) (!HAS((prepared | committed | aborted), rm))
#define CONSISTENT assert(committed == 0 || aborted == 0)

#define WORKING 0
#define COMMITTED 1
#define ABORTED 2

byte prepared;       /* the states of the resource managers: one that is in none of these sets is working */
byte committed;
byte aborted;
byte known_prepared; /* those that the transaction manager has heard of */
byte prepared_sent;  /* the messages ever sent */
bit commit_sent;
bit abort_sent;
unsigned transaction_manager : 2;

#define STEPS_OF(rm) \
	:: d_step { transaction_manager == WORKING && HAS(prepared_sent, rm) -> INSERT(known_prepared, rm) } \
	:: d_step { IS_WORKING(rm) -> INSERT(prepared, rm); INSERT(prepared_sent, rm) } \
	:: d_step { IS_WORKING(rm) -> INSERT(aborted, rm); CONSISTENT } \
	:: d_step { commit_sent -> INSERT(committed, rm); REMOVE(prepared, rm); REMOVE(aborted, rm); CONSISTENT } \
	:: d_step { abort_sent -> INSERT(aborted, rm); REMOVE(prepared, rm); REMOVE(committed, rm); CONSISTENT }

active proctype everyone()
{
	do
	:: d_step { transaction_manager == WORKING && known_prepared == EVERYONE ->
	            transaction_manager = COMMITTED; commit_sent = 1 }
	:: d_step { transaction_manager == WORKING -> transaction_manager = ABORTED; abort_sent = 1 }
	STEPS_OF(0)
#if RESOURCE_MANAGERS > 1
	STEPS_OF(1)
#endif
#if RESOURCE_MANAGERS > 2
	STEPS_OF(2)
#endif
#if RESOURCE_MANAGERS > 3
	STEPS_OF(3)
#endif
#if RESOURCE_MANAGERS > 4
	STEPS_OF(4)
#endif
#if RESOURCE_MANAGERS > 5
	STEPS_OF(5)
#endif
#if RESOURCE_MANAGERS > 6
	STEPS_OF(6)
#endif
#if RESOURCE_MANAGERS > 7
	STEPS_OF(7)
#endif
	od
}
