"""Files on their way: letters, parcels, carriers, the round of the post."""
