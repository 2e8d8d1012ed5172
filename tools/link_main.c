/* link_main.c: the whole of a program that does nothing. The build links it once per folder with all
 * of that folder's archive and the archives below it; a call upward or sideways does not link. */
int main(void) { return 0; }
